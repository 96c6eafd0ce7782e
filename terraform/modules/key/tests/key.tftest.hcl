provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variables {
  name    = "dp-mailblaze-demo-dev"
  account = "123456789012"
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
    # CloudWatch Logs creates the log group; no role's policy covers it.
    condition = { for s in jsondecode(data.aws_iam_policy_document.key.json).Statement :
      s.Sid => jsonencode([sort(flatten([s.Action])), lookup(s, "Condition", {})]) if lookup(s.Principal, "Service", "") == "logs.eu-central-1.amazonaws.com" } == {
      LogsLookAtIt = jsonencode([["kms:DescribeKey"], {}])
      LogsEncrypt = jsonencode([
        ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
        { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:*" } },
      ])
    }
    error_message = "CloudWatch Logs cannot use the key, or more than its logs"
  }
  assert {
    condition     = alltrue([for s in jsondecode(data.aws_iam_policy_document.key.json).Statement : s.Principal != "*"])
    error_message = "anybody may use the key"
  }
}
