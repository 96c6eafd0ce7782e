# GitHub's tokens that sign in: those of one repository, each for one GitHub environment.
#
# A token's subject names owner and repository with their ids, which GitHub never reuses:
# repo:OWNER@ID/NAME@ID:environment:NAME. Repositories made, renamed or transferred since July 2026 send that form, older ones
# after they opt in. `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints both ids.
variable "github_repository" {
  type        = string
  description = "Repository (owner/name) whose workflows sign in."
  validation {
    condition     = can(regex("^[^/*@:]+/[^/*@:]+$", var.github_repository))
    error_message = "github_repository is owner/name, without a wildcard or an id."
  }
}

variable "github_owner_id" {
  type        = number
  description = "The owner's id: gh api repos/OWNER/NAME --jq .owner.id"
  validation {
    condition     = var.github_owner_id > 0 && floor(var.github_owner_id) == var.github_owner_id
    error_message = "github_owner_id is the number that GitHub gives to the owner."
  }
}

variable "github_repository_id" {
  type        = number
  description = "The repository's id: gh api repos/OWNER/NAME --jq .id"
  validation {
    condition     = var.github_repository_id > 0 && floor(var.github_repository_id) == var.github_repository_id
    error_message = "github_repository_id is the number that GitHub gives to the repository."
  }
}

variable "trusts_subject_without_ids" {
  type        = bool
  default     = false
  description = "Also trusts a subject of names alone: for a repository from before July 2026 that did not opt in. Whoever takes its name later would be trusted."
}

locals {
  issuer       = "token.actions.githubusercontent.com"
  owner        = split("/", var.github_repository)[0]
  repository   = split("/", var.github_repository)[1]
  with_ids     = "repo:${local.owner}@${var.github_owner_id}/${local.repository}@${var.github_repository_id}"
  without_ids  = "repo:${var.github_repository}"
  repositories = concat([local.with_ids], var.trusts_subject_without_ids ? [local.without_ids] : [])
  # Each role by the one GitHub environment that may assume it.
  subjects = { for role, environment in merge([for environment in var.environments : {
    "${environment}-apply" = environment
    "${environment}-plan"  = "plan-${environment}"
  }]...) : role => [for repository in local.repositories : "${repository}:environment:${environment}"] }
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
  # modules/smoke reads them there.
  tags = merge({ Subject = local.with_ids }, var.trusts_subject_without_ids ? { SubjectWithoutIds = local.without_ids } : {})
}

data "aws_iam_policy_document" "trust" {
  for_each = local.subjects
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
      values   = each.value
    }
  }
}
