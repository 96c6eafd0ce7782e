# How GitHub signs in: a role that plans for pull requests and one that applies for each environment. Each is bound to a
# GitHub environment, whose rules (reviewers, branches, secrets) GitHub keeps. Actions are spelled out: a new kind of resource asks for its line here.
locals {
  account = data.aws_caller_identity.current.account_id
  aws     = "arn:${data.aws_partition.current.partition}"
  names   = { for environment in var.environments : environment => "dp-mailblaze-demo-${environment}" }

  read_anywhere = [ # what AWS lets nobody narrow
    "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScheduledActions",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "kms:ListAliases", "logs:DescribeLogGroups",
  ]
  read = {
    application-autoscaling = ["ListTagsForResource"]
    budgets                 = ["ListTagsForResource", "ViewBudget"]
    ecr                     = ["DescribeRepositories", "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource"]
    ecs                     = ["DescribeClusters", "DescribeServices", "ListTagsForResource"]
    iam = [
      "GetPolicy", "GetPolicyVersion", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies",
      "ListInstanceProfilesForRole", "ListPolicyVersions", "ListRolePolicies",
    ]
    logs = ["ListTagsForResource"]
    s3 = [
      "GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLogging", "GetBucketObjectLockConfiguration",
      "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPublicAccessBlock", "GetBucketRequestPayment",
      "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite", "GetEncryptionConfiguration",
      "GetLifecycleConfiguration", "GetReplicationConfiguration", "ListBucket",
    ]
    secretsmanager = ["DescribeSecret", "GetResourcePolicy"]
  }
  write = {
    application-autoscaling = ["DeleteScheduledAction", "DeregisterScalableTarget", "PutScheduledAction", "RegisterScalableTarget", "TagResource"]
    budgets                 = ["ModifyBudget", "TagResource"]
    ecr = [
      "BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "CreateRepository", "DeleteLifecyclePolicy",
      "DeleteRepository", "GetDownloadUrlForLayer", "InitiateLayerUpload", "PutImage", "PutImageScanningConfiguration",
      "PutImageTagMutability", "PutLifecyclePolicy", "TagResource", "UploadLayerPart",
    ]
    ecs = [
      "CreateCluster", "CreateService", "DeleteCluster", "DeleteService", "DeregisterTaskDefinition",
      "RegisterTaskDefinition", "TagResource", "UpdateCluster", "UpdateService",
    ]
    iam = [
      "AttachRolePolicy", "CreatePolicy", "CreatePolicyVersion", "CreateRole", "DeletePolicy", "DeletePolicyVersion",
      "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy", "TagPolicy", "TagRole",
      "UpdateAssumeRolePolicy", "UpdateRoleDescription",
    ]
    logs = ["AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"]
    s3 = [ # no object of the lake: a deployment has no business with rows
      "CreateBucket", "DeleteBucket", "DeleteBucketPolicy", "PutBucketLogging", "PutBucketOwnershipControls",
      "PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketTagging", "PutBucketVersioning",
      "PutEncryptionConfiguration", "PutLifecycleConfiguration",
    ]
    secretsmanager = ["CreateSecret", "DeleteSecret", "TagResource", "UpdateSecret"]
  }

  # Where each service's names begin with the environment's.
  resources = { for environment, name in local.names : environment => {
    application-autoscaling = ["${local.aws}:application-autoscaling:*:${local.account}:scalable-target/*"]
    budgets                 = ["${local.aws}:budgets::${local.account}:budget/${name}-*"]
    ecr                     = ["${local.aws}:ecr:*:${local.account}:repository/${name}"]
    ecs = [for kind in ["cluster/${name}", "service/${name}/*", "task-definition/${name}:*"] :
    "${local.aws}:ecs:*:${local.account}:${kind}"]
    iam            = ["${local.aws}:iam::${local.account}:policy/${name}-*", "${local.aws}:iam::${local.account}:role/${name}-*"]
    logs           = ["${local.aws}:logs:*:${local.account}:log-group:/ecs/${name}", "${local.aws}:logs:*:${local.account}:log-group:/ecs/${name}:*"]
    s3             = ["${local.aws}:s3:::${name}-raw-*"]
    secretsmanager = ["${local.aws}:secretsmanager:*:${local.account}:secret:${name}/*"]
  } }
}

resource "aws_iam_role" "plan" {
  for_each             = var.environments
  name                 = "github-plan-${local.names[each.key]}"
  description          = "Pull requests plan ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust["${each.key}-plan"].json
  max_session_duration = 3600
}

resource "aws_iam_role" "deploy" {
  for_each             = var.environments
  name                 = "github-deploy-${local.names[each.key]}"
  description          = "Workflows in the GitHub environment ${each.key} apply it"
  assume_role_policy   = data.aws_iam_policy_document.trust["${each.key}-apply"].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "read" {
  #checkov:skip=CKV_AWS_356:Only what AWS lets nobody narrow is asked of every resource, and none of it changes anything.
  for_each = var.environments
  statement {
    sid       = "ReadWhatCannotBeNarrowed"
    actions   = local.read_anywhere
    resources = ["*"] # AWS demands it for these
  }
  statement {
    sid       = "ReadKeys"
    actions   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
    resources = ["${local.aws}:kms:*:${local.account}:key/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  dynamic "statement" {
    for_each = local.read
    content {
      sid       = "Read${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = [for action in statement.value : "${statement.key}:${action}"]
      resources = local.resources[each.key][statement.key]
    }
  }
  statement {
    sid       = "ReadWhoseWorkflowsSignIn"
    actions   = ["iam:GetOpenIDConnectProvider"]
    resources = [aws_iam_openid_connect_provider.github.arn]
  }
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = ["${local.state_arn}/${each.key}/*"]
  }
  statement {
    sid       = "ListStates"
    actions   = ["s3:ListBucket"]
    resources = [local.state_arn]
  }
}

data "aws_iam_policy_document" "write" {
  #checkov:skip=CKV_AWS_356:Keys and security groups have no name before they are made; tags narrow what is done to them.
  #checkov:skip=CKV_AWS_109:A deployment makes roles and their policies: those whose names begin with the environment's.
  #checkov:skip=CKV_AWS_111:The same; see each statement.
  for_each = var.environments
  dynamic "statement" {
    for_each = local.write
    content {
      sid       = "Write${replace(title(replace(statement.key, "-", " ")), " ", "")}"
      actions   = [for action in statement.value : "${statement.key}:${action}"]
      resources = local.resources[each.key][statement.key]
    }
  }
  statement {
    sid       = "WriteState"
    actions   = ["s3:PutObject"]
    resources = ["${local.state_arn}/${each.key}/*"]
  }
  statement {
    sid       = "Unlock"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.state_arn}/${each.key}/*.tflock"]
  }
  statement {
    sid       = "MakeKeysAndGroups"
    actions   = ["ec2:CreateSecurityGroup", "kms:CreateKey"]
    resources = ["*"] # a key or a group that is not there yet has no name; the VPC of a group is another resource
  }
  statement {
    sid = "ChangeOwnKeys"
    actions = [
      "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ]
    resources = ["${local.aws}:kms:*:${local.account}:key/*", "${local.aws}:kms:*:${local.account}:alias/${local.names[each.key]}"]
    condition {
      test     = "StringEqualsIfExists" # an alias has no tags
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  statement {
    sid = "ChangeOwnGroups"
    actions = [
      "ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress",
    ]
    resources = ["${local.aws}:ec2:*:${local.account}:security-group/*", "${local.aws}:ec2:*:${local.account}:security-group-rule/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  statement {
    sid       = "HandRolesToEcs"
    actions   = ["iam:PassRole"]
    resources = ["${local.aws}:iam::${local.account}:role/${local.names[each.key]}-*"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "plan" {
  for_each = var.environments
  name     = "read"
  role     = aws_iam_role.plan[each.key].id
  policy   = data.aws_iam_policy_document.read[each.key].json
}

resource "aws_iam_role_policy" "deploy" {
  for_each = { for pair in setproduct(var.environments, ["read", "write"]) : join("-", pair) => pair }
  name     = each.value[1]
  role     = aws_iam_role.deploy[each.value[0]].id
  policy   = (each.value[1] == "read" ? data.aws_iam_policy_document.read : data.aws_iam_policy_document.write)[each.value[0]].json
}
