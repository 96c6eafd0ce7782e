# The role by which the workflow smoke-snowflake writes the lake: below its own prefixes, no object of RAW.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  issuer = "token.actions.githubusercontent.com"
  # repo:OWNER@ID/NAME@ID and, if bootstrap trusts it, the form without ids.
  repositories = [for tag in ["Subject", "SubjectWithoutIds"] :
  data.aws_iam_openid_connect_provider.github.tags[tag] if contains(keys(data.aws_iam_openid_connect_provider.github.tags), tag)]
  own    = [for pipeline in var.pipelines : "${var.bucket_arn}/${pipeline}/${var.scratch}*"]
  leases = [for pipeline in var.pipelines : "${var.bucket_arn}/${pipeline}/_lease/${var.database}.${var.scratch}*"]
}

# Bootstrap creates it, once for the account, and tags it with the repository whose workflows sign in.
data "aws_iam_openid_connect_provider" "github" {
  arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.issuer}"
  lifecycle {
    postcondition {
      condition     = can(regex("^repo:[^/*@:]+@[0-9]+/[^/*@:]+@[0-9]+$", lookup(self.tags, "Subject", "")))
      error_message = "The provider of GitHub's tokens does not say whose workflows sign in: apply terraform/bootstrap again."
    }
  }
}

data "aws_iam_policy_document" "trust" {
  #checkov:skip=CKV_AWS_358:The repository is a tag of the provider, which only an account knows; tests/terraform/test_policies.py reads it as applied.
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [for repository in local.repositories : "${repository}:environment:${var.github_environment}"]
    }
  }
}

resource "aws_iam_role" "smoke" {
  name                 = "${var.name}-smoke"
  description          = "The workflow smoke-snowflake tries the chain on ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.boundary
  max_session_duration = 3600
}

data "aws_iam_policy_document" "write" {
  statement {
    sid       = "List" # without a condition on the prefix, for the reason in modules/lake/writer.tf
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.bucket_arn]
  }
  statement {
    sid       = "ReadItsOwn"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"]
    resources = concat(local.own, local.leases)
  }
  # As in modules/lake/writer.tf.
  statement {
    sid       = "WriteWhatIsNew"
    actions   = ["s3:PutObject"]
    resources = local.own
    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteParts"
    actions   = ["s3:PutObject"]
    resources = local.own
    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteLeases"
    actions   = ["s3:PutObject"]
    resources = local.leases
  }
  statement {
    sid       = "UseTheKeyThroughS3"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "write" {
  name   = "write-scratch"
  role   = aws_iam_role.smoke.id
  policy = data.aws_iam_policy_document.write.json
}
