provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

mock_provider "snowflake" { alias = "sysadmin" }
mock_provider "snowflake" { alias = "securityadmin" }
mock_provider "snowflake" {
  alias = "accountadmin"
  mock_resource "snowflake_storage_integration_aws" {
    override_during = plan
    defaults        = { describe_output = [{ iam_user_arn = "arn:aws:iam::999999999999:user/abc", external_id = "EXTERNAL" }] }
  }
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  name        = "dp-mailblaze-demo-dev"
  integration = "DP_MAILBLAZE_DEMO_DEV_S3_INT"
  lake_url    = "s3://dp-mailblaze-demo-dev-raw-3dfbc1"
  bucket_arn  = "arn:aws:s3:::dp-mailblaze-demo-dev-raw-3dfbc1"
  key_arn     = "arn:aws:kms:eu-central-1:123456789012:key/k"
  database    = "DP_MAILBLAZE_DEMO_DEV_DB"
  raw_schema  = "RAW"
  loader      = "LOADER"
}

run "the_role_trusts_snowflake_alone_and_only_with_its_word" {
  command = plan
  assert {
    condition     = snowflake_storage_integration_aws.this.storage_aws_role_arn == "arn:aws:iam::123456789012:role/dp-mailblaze-demo-dev-snowflake"
    error_message = "the integration was told another role"
  }
  assert {
    condition = jsondecode(data.aws_iam_policy_document.trust.json).Statement == [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::999999999999:user/abc" }
      Condition = { StringEquals = { "sts:ExternalId" = "EXTERNAL" } }
    }]
    error_message = "somebody else is trusted"
  }
}

run "snowflake_reads_and_writes_nothing" {
  command = plan
  assert {
    condition     = !can(regex("Put|Delete|Abort|Encrypt|Generate|[a-z0-9]+:\\*", data.aws_iam_policy_document.read.json))
    error_message = "Snowflake may write"
  }
  assert {
    condition     = snowflake_stage_external_s3.this.name == "STG_S3_RAW" && endswith(snowflake_stage_external_s3.this.url, "/")
    error_message = "dlt pastes file names behind the stage's URL"
  }
}
