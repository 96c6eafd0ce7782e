# The permissions boundary of every role that a deployment creates, whatever policies the role has. A deployment can neither
# change it nor remove it from a role.
data "aws_iam_policy_document" "boundary" {
  #checkov:skip=CKV_AWS_356:ecr:GetAuthorizationToken, alone in its statement, has no narrower resource.
  for_each = var.environments
  statement {
    sid       = "ListTheLake"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [module.lake[each.key].bucket_arn]
  }
  statement {
    sid       = "ReadTheLake"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:ListMultipartUploadParts"]
    resources = ["${module.lake[each.key].bucket_arn}/*"]
  }
  # As in modules/lake/writer.tf: new objects are written; existing ones are not overwritten, except leases and the kept budget.
  statement {
    sid       = "WriteWhatIsNew"
    actions   = ["s3:PutObject"]
    resources = ["${module.lake[each.key].bucket_arn}/*"]
    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteParts"
    actions   = ["s3:PutObject"]
    resources = ["${module.lake[each.key].bucket_arn}/*"]
    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteLeases"
    actions   = ["s3:PutObject"]
    resources = ["${module.lake[each.key].bucket_arn}/*/_lease/*"]
  }
  statement {
    sid       = "UseTheKeyThroughServices"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.key[each.key].arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["ecr", "s3", "secretsmanager"] : "${service}.${local.region}.amazonaws.com"]
    }
  }
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # AWS demands it: the token is the account's
  }
  statement {
    sid       = "Pull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = local.resources[each.key].ecr
  }
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.aws}:logs:${local.region}:${local.account}:log-group:/ecs/${local.names[each.key]}:log-stream:*"]
  }
  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = local.resources[each.key].secretsmanager
  }
}

resource "aws_iam_policy" "boundary" {
  for_each    = var.environments
  name        = "${local.names[each.key]}-boundary"
  description = "The most that a role of ${local.names[each.key]} may do"
  policy      = data.aws_iam_policy_document.boundary[each.key].json
}
