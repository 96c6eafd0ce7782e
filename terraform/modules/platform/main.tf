# One environment: the roots in environments/ differ in nothing but what they hand in here.
locals {
  name     = "dp-mailblaze-demo-${var.environment}"
  upper    = upper(replace(local.name, "-", "_"))
  database = "${local.upper}_DB"
  # Each writes below a prefix of its own.
  pipelines = ["postgres", "saas"]
}

module "key" {
  source = "../key"
  name   = local.name
}

module "lake" {
  source        = "../lake"
  name          = local.name
  bucket_name   = "${local.name}-raw-${var.suffix}"
  pipelines     = local.pipelines
  key_arn       = module.key.arn
  force_destroy = var.is_disposable
}

module "warehouse" {
  source            = "../warehouse"
  environment       = var.environment
  database          = local.database
  retention_days    = var.is_disposable ? 1 : 7
  monthly_credits   = var.monthly_credits
  public_keys       = var.company.public_keys
  allowed_addresses = var.company.allowed_addresses
  is_tried          = var.is_tried
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
  lake_url    = module.lake.url
  bucket_arn  = module.lake.bucket_arn
  key_arn     = module.key.arn
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
  key_arn           = module.key.arn
  writer_policy_arn = module.lake.writer_policy_arn
  network           = var.company.network
  image_tag         = var.image_tag
  settings          = local.settings
  secrets           = local.secrets
  hours             = var.hours
  force_destroy     = var.is_disposable
}

module "smoke" {
  count      = var.is_tried ? 1 : 0
  source     = "../smoke"
  name       = local.name
  bucket_arn = module.lake.bucket_arn
  key_arn    = module.key.arn
  pipelines  = local.pipelines
  database   = local.database
}

module "budget" {
  source      = "../budget"
  name        = local.name
  monthly_usd = var.monthly_usd
  emails      = var.company.alert_emails
}
