terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = "~> 2.22"
      # sysadmin owns objects; securityadmin roles, users and grants; accountadmin what no other role may.
      configuration_aliases = [snowflake.sysadmin, snowflake.securityadmin, snowflake.accountadmin]
    }
  }
}
