# One environment: the roots in environments/ differ only in the values that they pass.
locals {
  name     = "dp-mailblaze-demo-${var.environment}"
  upper    = upper(replace(local.name, "-", "_"))
  database = "${local.upper}_DB"
  # Each writes below a prefix of its own. pipelines/registry.py has the same list; tests/docs/test_extending.py compares them.
  pipelines = ["postgres", "saas"]
  # Built from names, so that a policy can be read in the plan.
  key_arn    = data.aws_kms_alias.this.target_key_arn
  lake       = "${local.name}-raw-${var.suffix}"
  bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${local.lake}"
  policies   = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy"
  boundary   = "${local.policies}/${local.name}-boundary"
}

# Bootstrap creates the key, the lake, the loader's policy and the permissions boundary: no deployment may change them.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

data "aws_kms_alias" "this" {
  name = "alias/${local.name}"
}

module "warehouse" {
  source            = "../warehouse"
  environment       = var.environment
  database          = local.database
  retention_days    = var.force_destroy ? 1 : 7
  monthly_credits   = var.monthly_credits
  public_keys       = var.company.public_keys
  allowed_addresses = var.company.allowed_addresses
  allow_smoke_tests = var.allow_smoke_tests
  alert_users       = var.company.alert_users
  providers = {
    snowflake.sysadmin      = snowflake.sysadmin
    snowflake.securityadmin = snowflake.securityadmin
    snowflake.accountadmin  = snowflake.accountadmin
  }
}

module "stage" {
  source      = "../stage"
  name        = local.name
  integration = "${local.upper}_S3_INT"
  lake_url    = "s3://${local.lake}"
  bucket_arn  = local.bucket_arn
  boundary    = local.boundary
  key_arn     = local.key_arn
  database    = module.warehouse.database
  raw_schema  = module.warehouse.schemas["RAW"]
  loader      = module.warehouse.roles["LOADER"]
  providers = {
    snowflake.sysadmin      = snowflake.sysadmin
    snowflake.securityadmin = snowflake.securityadmin
    snowflake.accountadmin  = snowflake.accountadmin
  }
}

module "worker" {
  source            = "../worker"
  name              = local.name
  key_arn           = local.key_arn
  writer_policy_arn = "${local.policies}/${local.name}-lake-writer"
  network           = var.company.network
  image_tag         = var.image_tag
  settings          = local.settings
  secrets           = local.secrets
  boundary          = local.boundary
  ports             = var.company.ports
  hours             = var.hours
  force_destroy     = var.force_destroy
}

module "smoke" {
  count      = var.allow_smoke_tests ? 1 : 0
  source     = "../smoke"
  name       = local.name
  bucket_arn = local.bucket_arn
  boundary   = local.boundary
  key_arn    = local.key_arn
  pipelines  = local.pipelines
  database   = local.database
}

module "budget" {
  source      = "../budget"
  name        = local.name
  monthly_usd = var.monthly_usd
  emails      = var.company.alert_emails

  counts_by_tag = var.company.cost_tag_is_active
}
