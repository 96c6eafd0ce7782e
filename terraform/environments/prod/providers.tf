provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { Platform = "dp-mailblaze-demo-prod", Environment = "prod", ManagedBy = "terraform" }
  }
}

# Who Terraform is on Snowflake. Nothing here comes from SNOWFLAKE_USER, SNOWFLAKE_PRIVATE_KEY and the like: in a shell that
# read .env.prod those name dbt's user, and the provider takes from them whatever a block leaves out.
variable "terraform_user" {
  type = object({
    user      = string                       # TERRAFORM_ADMIN; in a plan for a pull request TERRAFORM_PLANNER
    warehouse = optional(string, "ADMIN_WH") # the provider reads tags and views by it
    host      = optional(string)             # where it is not ORGANIZATION-ACCOUNT.snowflakecomputing.com
    roles = optional(object({                # who owns what; a plan for a pull request has one role for all three
      sysadmin      = optional(string, "SYSADMIN")
      securityadmin = optional(string, "SECURITYADMIN")
      accountadmin  = optional(string, "ACCOUNTADMIN")
    }), {})
  })
  description = "The Snowflake user as whom Terraform signs in, its warehouse and its roles; terraform/bootstrap/snowflake.sql makes them."
}

variable "terraform_user_key" {
  type        = string
  sensitive   = true
  ephemeral   = true # it is in no plan and in no state
  description = "The private key of terraform_user as PEM, without a passphrase."
  validation {
    condition     = strcontains(var.terraform_user_key, "PRIVATE KEY")
    error_message = "terraform_user_key is the text of a PEM file: TF_VAR_terraform_user_key=\"$(cat terraform_admin.p8)\"."
  }
}

locals {
  account = regex("^(?P<organization>[^-]+)-(?P<name>.+)$", var.company.snowflake_account)
  host    = coalesce(var.terraform_user.host, "${var.company.snowflake_account}.snowflakecomputing.com")
}

provider "snowflake" {
  alias                  = "sysadmin"
  role                   = var.terraform_user.roles.sysadmin
  organization_name      = local.account.organization
  account_name           = local.account.name
  host                   = local.host
  protocol               = "https"
  port                   = 443
  profile                = "default"
  user                   = var.terraform_user.user
  authenticator          = "SNOWFLAKE_JWT"
  private_key            = var.terraform_user_key
  private_key_passphrase = ""
  warehouse              = var.terraform_user.warehouse
}

provider "snowflake" {
  alias                  = "securityadmin"
  role                   = var.terraform_user.roles.securityadmin
  organization_name      = local.account.organization
  account_name           = local.account.name
  host                   = local.host
  protocol               = "https"
  port                   = 443
  profile                = "default"
  user                   = var.terraform_user.user
  authenticator          = "SNOWFLAKE_JWT"
  private_key            = var.terraform_user_key
  private_key_passphrase = ""
  warehouse              = var.terraform_user.warehouse
}

provider "snowflake" {
  alias                  = "accountadmin"
  role                   = var.terraform_user.roles.accountadmin
  organization_name      = local.account.organization
  account_name           = local.account.name
  host                   = local.host
  protocol               = "https"
  port                   = 443
  profile                = "default"
  user                   = var.terraform_user.user
  authenticator          = "SNOWFLAKE_JWT"
  private_key            = var.terraform_user_key
  private_key_passphrase = ""
  warehouse              = var.terraform_user.warehouse
}
