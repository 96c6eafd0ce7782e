provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_iam_openid_connect_provider.github
  values = {
    arn  = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    tags = { Subject = "repo:owner@12/name@345" }
  }
}

variables {
  name       = "dp-mailblaze-demo-dev"
  bucket_arn = "arn:aws:s3:::dp-mailblaze-demo-dev-raw-3dfbc1"
  key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/k"
  pipelines  = ["postgres", "saas"]
  database   = "DP_MAILBLAZE_DEMO_DEV_DB"
}

run "one_github_environment_of_one_repository_is_trusted" {
  command = plan
  assert {
    condition = jsondecode(data.aws_iam_policy_document.trust.json).Statement == [{
      Action    = "sts:AssumeRoleWithWebIdentity"
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Condition = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:owner@12/name@345:environment:snowflake"
      } }
    }]
    error_message = "somebody else is trusted"
  }
}

run "a_subject_without_ids_is_trusted_only_where_bootstrap_was_asked" {
  command = plan
  override_data {
    target = data.aws_iam_openid_connect_provider.github
    values = {
      arn  = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
      tags = { Subject = "repo:owner@12/name@345", SubjectWithoutIds = "repo:owner/name" }
    }
  }
  assert {
    condition = toset(jsondecode(data.aws_iam_policy_document.trust.json).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]) == toset([
      "repo:owner@12/name@345:environment:snowflake", "repo:owner/name:environment:snowflake",
    ])
    error_message = "not both forms are trusted, or a third one"
  }
}

run "a_provider_that_names_no_ids_is_refused" {
  command = plan
  override_data {
    target = data.aws_iam_openid_connect_provider.github
    values = {
      arn  = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
      tags = { Subject = "repo:owner/name" }
    }
  }
  expect_failures = [data.aws_iam_openid_connect_provider.github]
}

run "no_object_of_raw_is_read_or_written_and_nothing_deleted" {
  command = plan
  assert {
    condition = toset(flatten([
      for s in jsondecode(data.aws_iam_policy_document.write.json).Statement : s.Resource if contains(flatten([s.Action]), "s3:PutObject")
      ])) == toset(flatten([for p in var.pipelines : [
        "arn:aws:s3:::dp-mailblaze-demo-dev-raw-3dfbc1/${p}/SMOKE_*",
        "arn:aws:s3:::dp-mailblaze-demo-dev-raw-3dfbc1/${p}/_lease/DP_MAILBLAZE_DEMO_DEV_DB.SMOKE_*",
    ]]))
    error_message = "it writes beside its own prefixes"
  }
  assert {
    condition     = !strcontains(data.aws_iam_policy_document.write.json, "Delete")
    error_message = "it may delete"
  }
}

run "a_prefix_that_would_match_raw_is_refused" {
  command = plan
  variables {
    scratch = ""
  }
  expect_failures = [var.scratch]
}

run "a_provider_that_names_no_repository_is_refused" {
  command = plan
  override_data {
    target = data.aws_iam_openid_connect_provider.github
    values = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", tags = {} }
  }
  expect_failures = [data.aws_iam_openid_connect_provider.github]
}
