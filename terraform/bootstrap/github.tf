# Which of GitHub's tokens sign in: those of one repository, each for one GitHub environment.
variable "github_repository" {
  type        = string
  description = "owner/name whose workflows sign in."
  validation {
    condition     = can(regex("^[^/*]+/[^/*]+$", var.github_repository))
    error_message = "github_repository is owner/name, without a wildcard."
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = { Repository = var.github_repository } # modules/smoke reads it there
}

data "aws_iam_policy_document" "trust" {
  for_each = merge([for environment in var.environments : {
    "${environment}-apply" = "repo:${var.github_repository}:environment:${environment}"
    "${environment}-plan"  = "repo:${var.github_repository}:environment:plan-${environment}"
  }]...)
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [each.value]
    }
  }
}

locals {
  issuer = "token.actions.githubusercontent.com"
}
