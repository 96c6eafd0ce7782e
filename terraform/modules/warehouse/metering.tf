# What this database's work cost, for the ledger MART.RPT_PIPELINE_COST. ACCOUNT_USAGE shows the whole account, and every
# statement with its text; these views show this database's warehouses, without texts. dbt reads them, and never ACCOUNT_USAGE.
locals {
  our_warehouses = join(", ", [for name in sort(values(local.warehouses)) : "'${name}'"])
  metering = {
    QUERY_HISTORY              = "WAREHOUSE_NAME IN (${local.our_warehouses})"
    WAREHOUSE_METERING_HISTORY = "WAREHOUSE_NAME IN (${local.our_warehouses})"
    COPY_HISTORY               = "TABLE_CATALOG_NAME = '${snowflake_database.this.name}'"
  }
}

resource "snowflake_view" "metering" {
  provider  = snowflake.accountadmin # the only role that reads ACCOUNT_USAGE
  for_each  = local.metering
  database  = snowflake_database.this.name
  schema    = snowflake_schema.this["METERING"].name
  name      = each.key
  is_secure = "true"
  # No copy_grants: a view made with COPY GRANTS gets none of the grants on future views.
  statement  = trimspace(templatefile("${path.module}/sql/metering/${lower(each.key)}.sql", { ours = each.value }))
  depends_on = [snowflake_grant_privileges_to_account_role.select_future] # or TRANSFORMER could not read it
}
