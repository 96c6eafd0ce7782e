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
  name = "dp-mailblaze-demo-dev"
}

run "turns_and_names_no_star" {
  command = plan
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "the key is never changed"
  }
  assert {
    condition     = !strcontains(data.aws_iam_policy_document.key.json, "kms:*")
    error_message = "a wildcard action"
  }
  assert {
    condition     = alltrue([for s in jsondecode(data.aws_iam_policy_document.key.json).Statement : s.Principal != "*"])
    error_message = "anybody may use the key"
  }
}
