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

variables {
  state_bucket         = "dp-mailblaze-demo-state-test"
  github_repository    = "owner/name"
  github_owner_id      = 12
  github_repository_id = 345
}

run "owner_and_repository_are_trusted_by_their_ids_and_by_nothing_else" {
  command = plan
  assert {
    condition = local.subjects == {
      dev-apply  = ["repo:owner@12/name@345:environment:dev"]
      dev-plan   = ["repo:owner@12/name@345:environment:plan-dev"]
      prod-apply = ["repo:owner@12/name@345:environment:prod"]
      prod-plan  = ["repo:owner@12/name@345:environment:plan-prod"]
    }
    error_message = "another subject is trusted"
  }
  assert {
    condition     = aws_iam_openid_connect_provider.github.tags == tomap({ Subject = "repo:owner@12/name@345" })
    error_message = "modules/smoke reads another subject"
  }
}

run "names_alone_are_trusted_only_where_somebody_asks" {
  command = plan
  variables {
    trusts_subject_without_ids = true
  }
  assert {
    condition     = local.subjects.prod-apply == ["repo:owner@12/name@345:environment:prod", "repo:owner/name:environment:prod"]
    error_message = "not both forms are trusted, or a third one"
  }
  assert {
    condition     = aws_iam_openid_connect_provider.github.tags["SubjectWithoutIds"] == "repo:owner/name"
    error_message = "modules/smoke does not read the second subject"
  }
}

run "a_wildcard_and_an_id_of_nobody_are_refused" {
  command = plan
  variables {
    github_repository    = "owner/*"
    github_owner_id      = 0
    github_repository_id = 1.5
  }
  expect_failures = [var.github_repository, var.github_owner_id, var.github_repository_id]
}
