# What REPORTER sees of people. A tag on the schema protects every text column of MART, those of tomorrow too: between the
# moment dbt makes a table and the one in which somebody would protect it, nothing is bare.
resource "snowflake_account_role" "personal_data" {
  provider = snowflake.securityadmin
  name     = "PERSONAL_DATA"
  comment  = "Who has it beside REPORTER reads e-mail addresses in MART"
}

resource "snowflake_grant_account_role" "personal_data_to_sysadmin" {
  provider         = snowflake.securityadmin
  role_name        = snowflake_account_role.personal_data.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_masking_policy" "email" {
  provider         = snowflake.sysadmin
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "MASK_EMAIL"
  return_data_type = "VARCHAR"
  argument {
    name = "VAL"
    type = "VARCHAR"
  }
  # What looks like an address is hidden, the domain stays: deliverability is asked by domain.
  body    = <<-SQL
    CASE
      WHEN IS_ROLE_IN_SESSION('TRANSFORMER') OR IS_ROLE_IN_SESSION('${snowflake_account_role.personal_data.name}') THEN VAL
      ELSE REGEXP_REPLACE(VAL, '[^@[:space:]<>"]+@', '*****@')
    END
  SQL
  comment = "E-mail addresses, wherever they stand in a text"
}

resource "snowflake_tag" "personal_data" {
  provider         = snowflake.accountadmin # to hang a policy on a tag takes a right on the whole account
  database         = snowflake_database.this.name
  schema           = snowflake_schema.this["MART"].name
  name             = "PERSONAL_DATA"
  masking_policies = [snowflake_masking_policy.email.fully_qualified_name]
  comment          = "What it is set on is masked"
}

resource "snowflake_tag_association" "mart" {
  provider           = snowflake.accountadmin # who may apply a tag that masks
  object_identifiers = [snowflake_schema.this["MART"].fully_qualified_name]
  object_type        = "SCHEMA"
  tag_id             = snowflake_tag.personal_data.fully_qualified_name
  tag_value          = "masked"
}

# Regions: a role for each, below REPORTER's reach. dbt sets the policy on tables that have a region.
resource "snowflake_account_role" "region" {
  provider = snowflake.securityadmin
  for_each = toset(concat(["ALL"], [for region in var.regions : upper(region)]))
  name     = "REGION_${each.key}"
  comment  = "Who has it beside REPORTER reads rows of ${each.key == "ALL" ? "every region" : each.key}"
}

resource "snowflake_grant_account_role" "region_to_sysadmin" {
  provider         = snowflake.securityadmin
  for_each         = snowflake_account_role.region
  role_name        = each.value.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_row_access_policy" "region" {
  provider = snowflake.sysadmin
  database = snowflake_database.this.name
  schema   = snowflake_schema.this["MART"].name
  name     = "ROWS_OF_REGION"
  argument {
    name = "REGION"
    type = "VARCHAR"
  }
  body = <<-SQL
    IS_ROLE_IN_SESSION('TRANSFORMER')
    OR IS_ROLE_IN_SESSION('REGION_ALL')
    OR IS_ROLE_IN_SESSION('REGION_' || UPPER(REGION))
  SQL
}

# dbt attaches the row policy to what it makes; it may not change it.
resource "snowflake_grant_privileges_to_account_role" "apply_region" {
  provider          = snowflake.securityadmin
  account_role_name = snowflake_account_role.this["TRANSFORMER"].name
  privileges        = ["APPLY"]
  on_schema_object {
    object_type = "ROW ACCESS POLICY"
    object_name = snowflake_row_access_policy.region.fully_qualified_name
  }
}
