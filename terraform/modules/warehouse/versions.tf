terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = "~> 2.22"
      # Who owns what: sysadmin objects, securityadmin roles, users and grants, accountadmin what nobody else may.
      configuration_aliases = [snowflake.sysadmin, snowflake.securityadmin, snowflake.accountadmin]
    }
  }
}
