# Service users: key pair only, UTC, one role each.
resource "snowflake_service_user" "this" {
  provider                       = snowflake.securityadmin
  for_each                       = var.public_keys
  name                           = "${each.key}_SVC"
  rsa_public_key                 = each.value.current
  rsa_public_key_2               = each.value.next # during a key rotation both sign in
  default_role                   = snowflake_account_role.this[each.key].name
  default_warehouse              = snowflake_warehouse.this[each.key].name
  default_namespace              = snowflake_database.this.name
  default_secondary_roles_option = each.key == "REPORTER" ? "ALL" : "NONE" # roles that widen REPORTER are granted beside it
  network_policy                 = one(snowflake_network_policy.this[*].fully_qualified_name)
  timezone                       = "UTC"
  abort_detached_query           = true # of a client that is gone: otherwise it runs to its end, with its locks
}

resource "snowflake_grant_account_role" "to_user" {
  provider  = snowflake.securityadmin
  for_each  = snowflake_service_user.this
  role_name = snowflake_account_role.this[each.key].name
  user_name = each.value.name
}

# Published pages hold every region, and personal data as REPORTER sees them.
resource "snowflake_grant_account_role" "every_region_to_reporter" {
  provider  = snowflake.securityadmin
  for_each  = { for role, user in snowflake_service_user.this : role => user if role == "REPORTER" }
  role_name = snowflake_account_role.region["ALL"].name
  user_name = each.value.name
}

# Where smoke runs are allowed, REPORTER_SVC has the others, too: the smoke run reads with one of them alone beside REPORTER.
resource "snowflake_grant_account_role" "each_region_to_reporter" {
  provider  = snowflake.securityadmin
  for_each  = var.allow_smoke_tests && contains(keys(var.public_keys), "REPORTER") ? toset([for region in var.regions : upper(region)]) : []
  role_name = snowflake_account_role.region[each.key].name
  user_name = snowflake_service_user.this["REPORTER"].name
}

# Addresses from which they sign in; no policy if no address is given.
resource "snowflake_network_policy" "this" {
  provider        = snowflake.securityadmin
  count           = length(var.allowed_addresses) > 0 ? 1 : 0
  name            = "${var.database}_SERVICES"
  allowed_ip_list = var.allowed_addresses
}
