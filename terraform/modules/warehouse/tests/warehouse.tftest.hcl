mock_provider "snowflake" { alias = "sysadmin" }
mock_provider "snowflake" { alias = "securityadmin" }
mock_provider "snowflake" { alias = "accountadmin" }

variables {
  environment       = "dev"
  database          = "DP_MAILBLAZE_DEMO_DEV_DB"
  retention_days    = 1
  monthly_credits   = 20
  allowed_addresses = ["192.0.2.0/24"]
  alert_users       = ["DATA_LEAD"]
  allow_smoke_tests = true
  public_keys = {
    LOADER      = { current = "MIIB" }
    TRANSFORMER = { current = "MIIC", next = "MIID" }
    REPORTER    = { current = "MIIE" }
  }
}

run "small_asleep_and_capped" {
  command = apply
  assert {
    condition = toset([for w in snowflake_warehouse.this : w.name]) == toset(["LOAD_WH", "TRANSFORM_WH", "REPORT_WH"]) && alltrue([
      for w in snowflake_warehouse.this : w.warehouse_size == "XSMALL" && w.auto_suspend == 60 && w.initially_suspended &&
      w.statement_timeout_in_seconds <= 3600 && w.resource_monitor == "DP_MAILBLAZE_DEMO_DEV_DB_MONTHLY"
    ])
    error_message = "a warehouse is large, stays awake, or has no limit"
  }
  assert {
    condition     = snowflake_resource_monitor.this.suspend_trigger == 100 && snowflake_resource_monitor.this.credit_quota == 20
    error_message = "the monitor suspends nothing"
  }
}

run "services_sign_in_by_key_in_utc_from_known_places" {
  command = apply
  assert {
    condition = alltrue([for u in snowflake_service_user.this :
    u.rsa_public_key != null && u.timezone == "UTC" && u.network_policy != null])
    error_message = "a service user has no key, another time zone, or signs in from anywhere"
  }
  assert {
    condition = { for u in snowflake_service_user.this : u.name => u.default_secondary_roles_option } == {
      LOADER_SVC = "NONE", TRANSFORMER_SVC = "NONE", REPORTER_SVC = "ALL"
    }
    error_message = "a service has roles beside its own, or REPORTER_SVC signs in without its regions and sees no row"
  }
}

run "a_role_without_a_key_has_no_user" {
  command = plan
  variables {
    public_keys = { LOADER = { current = "MIIB" } }
  }
  assert {
    condition     = [for u in snowflake_service_user.this : u.name] == ["LOADER_SVC"] && length(snowflake_grant_account_role.each_region_to_reporter) == 0
    error_message = "a role without a key has a user, or one with a key none"
  }
}

run "rows_of_a_region_are_seen_by_its_role" {
  command = apply
  assert {
    condition = alltrue([for region in ["apac", "eu", "latam", "us"] : strcontains(snowflake_row_access_policy.region.body,
    "OR (LOWER(REGION) = '${region}' AND IS_ROLE_IN_SESSION('REGION_${upper(region)}'))")])
    error_message = "a region has no role that reads its rows, or the role is not asked for by its name"
  }
  assert {
    condition     = toset([for g in snowflake_grant_account_role.each_region_to_reporter : g.role_name]) == toset(["REGION_APAC", "REGION_EU", "REGION_LATAM", "REGION_US"])
    error_message = "the smoke run cannot look at one region alone"
  }
}

run "without_smoke_tests_the_reporter_has_every_region_at_once" {
  command = plan
  variables {
    allow_smoke_tests = false
  }
  assert {
    condition     = length(snowflake_grant_account_role.each_region_to_reporter) == 0
    error_message = "REPORTER_SVC has roles that it does not need"
  }
}

run "nothing_of_a_client_that_has_gone_runs_on" {
  command = apply
  assert {
    condition     = alltrue([for u in snowflake_service_user.this : u.abort_detached_query])
    error_message = "the statement of a client that has gone runs to its end, with its locks"
  }
}

run "what_a_merge_goes_through_is_kept_nowhere" {
  command = apply
  assert {
    condition = alltrue([for name, s in snowflake_schema.this :
      (s.is_transient == "true") == (name == "RAW_STAGING") &&
    (name == "RAW_STAGING" ? s.data_retention_time_in_days == 0 : true)])
    error_message = "time travel and fail-safe are paid for RAW_STAGING, or are missing elsewhere"
  }
}

run "each_kind_of_text_has_a_tag_with_one_mask" {
  command = apply
  assert {
    condition = toset([for t in snowflake_tag.personal_data : t.name]) == toset([
      "PERSONAL_DATA_PERSON", "PERSONAL_DATA_ID", "PERSONAL_DATA_TEXT"
    ]) && alltrue([for t in snowflake_tag.personal_data : length(t.masking_policies) == 1])
    error_message = "a tag is missing, or masks nothing"
  }
  assert {
    condition = alltrue([for p in snowflake_masking_policy.this :
      strcontains(p.body, "IS_ROLE_IN_SESSION('PERSONAL_DATA')") && !strcontains(p.body, "SYSTEM$GET_TAG")
    ])
    error_message = "a mask has no way to be lifted, or asks for a tag that may not be there yet"
  }
}

run "a_pem_header_is_refused" {
  command = plan
  variables {
    public_keys = { LOADER = { current = "-----BEGIN PUBLIC KEY-----" } }
  }
  expect_failures = [var.public_keys]
}

run "somebody_hears_of_credits" {
  command = plan
  assert {
    condition     = snowflake_resource_monitor.this.notify_users == toset(["DATA_LEAD"])
    error_message = "nobody is mailed"
  }
}

run "nobody_to_hear_of_credits_is_said" {
  command = plan
  variables {
    alert_users = []
  }
  expect_failures = [check.somebody_hears_of_credits]
}

run "no_limit_is_refused" {
  command = plan
  variables {
    monthly_credits = 0
  }
  expect_failures = [var.monthly_credits]
}
