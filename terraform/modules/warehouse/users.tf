# The services that sign in: by key pair only, in UTC, with one role of work.
resource "snowflake_service_user" "this" {
  provider                       = snowflake.securityadmin
  for_each                       = var.public_keys
  name                           = "${each.key}_SVC"
  rsa_public_key                 = each.value.current
  rsa_public_key_2               = each.value.next # while a key is changed, both sign in
  default_role                   = snowflake_account_role.this[each.key].name
  default_warehouse              = snowflake_warehouse.this[each.key].name
  default_namespace              = snowflake_database.this.name
  default_secondary_roles_option = each.key == "REPORTER" ? "ALL" : "NONE" # what widens REPORTER stands beside it
  network_policy                 = one(snowflake_network_policy.this[*].fully_qualified_name)
  timezone                       = "UTC"
  abort_detached_query           = true # of a client that has gone: else it runs to its end, with its locks
}

resource "snowflake_grant_account_role" "to_user" {
  provider  = snowflake.securityadmin
  for_each  = snowflake_service_user.this
  role_name = snowflake_account_role.this[each.key].name
  user_name = each.value.name
}

# What everybody is shown holds every region, and of people what REPORTER sees.
resource "snowflake_grant_account_role" "every_region_to_reporter" {
  provider  = snowflake.securityadmin
  for_each  = { for role, user in snowflake_service_user.this : role => user if role == "REPORTER" }
  role_name = snowflake_account_role.region["ALL"].name
  user_name = each.value.name
}

# Where the chain is tried, REPORTER_SVC has the others, too: the smoke run looks with one of them alone beside REPORTER.
resource "snowflake_grant_account_role" "each_region_to_reporter" {
  provider  = snowflake.securityadmin
  for_each  = var.is_tried && contains(keys(var.public_keys), "REPORTER") ? toset([for region in var.regions : upper(region)]) : []
  role_name = snowflake_account_role.region[each.key].name
  user_name = snowflake_service_user.this["REPORTER"].name
}

# From where they may sign in; none where no address is known.
resource "snowflake_network_policy" "this" {
  provider        = snowflake.securityadmin
  count           = length(var.allowed_addresses) > 0 ? 1 : 0
  name            = "${var.database}_SERVICES"
  allowed_ip_list = var.allowed_addresses
}
