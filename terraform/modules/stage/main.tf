# Snowflake reads the lake, in one apply. Snowflake needs the ARN of a role before it returns the identity that assumes it,
# and the role must trust that identity. The ARN is a string of known parts, so:
# integration (ARN as a string) -> role (trusts the integration's identity) -> stage.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  role_name = "${var.name}-snowflake"
  # A string and never aws_iam_role.snowflake.arn: that would be a cycle.
  role_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${local.role_name}"
  said     = snowflake_storage_integration_aws.this.describe_output[0]
}

resource "snowflake_storage_integration_aws" "this" {
  provider                  = snowflake.accountadmin
  name                      = var.integration
  enabled                   = true
  storage_provider          = "S3"
  storage_allowed_locations = ["${var.lake_url}/"]
  storage_aws_role_arn      = local.role_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [local.said.iam_user_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [local.said.external_id]
    }
  }
}

resource "aws_iam_role" "snowflake" {
  name                 = local.role_name
  description          = "Snowflake reads the lake of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.boundary
  lifecycle {
    postcondition {
      condition     = self.arn == local.role_arn
      error_message = "The role is not the one that the storage integration was told."
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "List"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.bucket_arn]
  }
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket_arn}/*"]
  }
  statement {
    sid       = "UseTheKeyThroughS3"
    actions   = ["kms:Decrypt"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "read" {
  name   = "read-lake"
  role   = aws_iam_role.snowflake.id
  policy = data.aws_iam_policy_document.read.json
}

resource "snowflake_file_format_parquet" "this" {
  provider         = snowflake.sysadmin
  database         = var.database
  schema           = var.raw_schema
  name             = "PARQUET"
  use_logical_type = "true" # timestamps stay timestamps, not numbers
}

# The role that creates the stage needs the integration.
resource "snowflake_grant_privileges_to_account_role" "integration" {
  provider          = snowflake.accountadmin
  account_role_name = "SYSADMIN"
  privileges        = ["USAGE"]
  on_account_object {
    object_type = "INTEGRATION"
    object_name = snowflake_storage_integration_aws.this.name
  }
}

resource "snowflake_stage_external_s3" "this" {
  provider            = snowflake.sysadmin
  database            = var.database
  schema              = var.raw_schema
  name                = "STG_S3_RAW"
  url                 = "${var.lake_url}/"
  storage_integration = snowflake_storage_integration_aws.this.name
  file_format {
    format_name = snowflake_file_format_parquet.this.fully_qualified_name
  }
  depends_on = [aws_iam_role_policy.read, snowflake_grant_privileges_to_account_role.integration]
}

resource "snowflake_grant_privileges_to_account_role" "loader" {
  provider = snowflake.securityadmin
  for_each = {
    "STAGE"       = snowflake_stage_external_s3.this.fully_qualified_name
    "FILE FORMAT" = snowflake_file_format_parquet.this.fully_qualified_name
  }
  account_role_name = var.loader
  privileges        = ["USAGE"]
  on_schema_object {
    object_type = each.key
    object_name = each.value
  }
}
