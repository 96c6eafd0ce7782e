# Roles of GitHub, two for each environment: one plans for pull requests, one applies. Each is bound to a GitHub environment,
# whose rules (reviewers, branches, secrets) GitHub enforces. Actions are listed one by one: a new kind of resource needs its
# line here. tests/terraform/test_calls.py compares them with every call that Terraform makes.
locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.name
  aws     = "arn:${data.aws_partition.current.partition}"
  names   = { for environment in var.environments : environment => "dp-mailblaze-demo-${environment}" }
  # As in environments/*/main.tf (force_destroy).
  disposable = { for environment in var.environments : environment => environment == "dev" }
  # The roles that a deployment creates, by the suffix of the environment's name.
  made = ["loader", "smoke", "snowflake", "start"]
  roles = { for environment, name in local.names : environment => {
    for kind in local.made : kind => "${local.aws}:iam::${local.account}:role/${name}-${kind}"
  } }

  read_anywhere = [ # AWS has no resource for these
    "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScheduledActions",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "kms:ListAliases", "logs:DescribeLogGroups",
  ]
  read = {
    application-autoscaling = ["ListTagsForResource"]
    budgets                 = ["ListTagsForResource", "ViewBudget"]
    ecr                     = ["DescribeRepositories", "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource"]
    ecs                     = ["DescribeClusters", "DescribeServices", "ListTagsForResource"]
    iam                     = ["GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies"]
    logs                    = ["ListTagsForResource"]
    secretsmanager          = ["DescribeSecret", "GetResourcePolicy"]
  }
  # Nothing of S3 and no change of a key: records.tf of this folder has them.
  write = {
    budgets = ["ModifyBudget", "TagResource"]
    ecr = [
      "BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "CreateRepository", "DeleteLifecyclePolicy",
      "DeleteRepository", "GetDownloadUrlForLayer", "InitiateLayerUpload", "PutImage", "PutImageScanningConfiguration",
      "PutImageTagMutability", "PutLifecyclePolicy", "TagResource", "UploadLayerPart",
    ]
    ecs = [
      "CreateCluster", "CreateService", "DeleteCluster", "DeleteService", "RegisterTaskDefinition", "TagResource",
      "UpdateCluster", "UpdateClusterSettings", "UpdateService",
    ]
    logs           = ["AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"]
    secretsmanager = ["CreateSecret", "DeleteSecret", "TagResource"] # not UpdateSecret, which also puts a value
  }

  # Services whose names begin with the environment's.
  resources = { for environment, name in local.names : environment => {
    application-autoscaling = ["${local.aws}:application-autoscaling:*:${local.account}:scalable-target/*"]
    budgets                 = ["${local.aws}:budgets::${local.account}:budget/${name}-*"]
    ecr                     = ["${local.aws}:ecr:*:${local.account}:repository/${name}"]
    ecs = [for kind in ["cluster/${name}", "service/${name}/*", "task-definition/${name}:*"] :
    "${local.aws}:ecs:*:${local.account}:${kind}"]
    iam            = values(local.roles[environment])
    logs           = ["${local.aws}:logs:*:${local.account}:log-group:/ecs/${name}", "${local.aws}:logs:*:${local.account}:log-group:/ecs/${name}:*"]
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
  #checkov:skip=CKV_AWS_356:Only actions without a resource type are allowed on every resource, and none of them changes anything.
  for_each = var.environments
  statement {
    sid       = "ReadWhatHasNoResource"
    actions   = local.read_anywhere
    resources = ["*"] # AWS demands it for these
  }
  statement {
    sid       = "ReadTheKey"
    actions   = ["kms:DescribeKey"]
    resources = [module.key[each.key].arn]
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
  #checkov:skip=CKV_AWS_356:Security groups have no name before they are created; tags narrow what is done to them.
  #checkov:skip=CKV_AWS_109:A deployment makes four roles, by name, each within the boundary that it cannot change (boundary.tf).
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
  # The ARN of a scalable target has no name of ours: the request's tag identifies a new one, its own tag an existing one.
  dynamic "statement" {
    for_each = {
      MakeScalableTargets = { key = "RequestTag", actions = ["RegisterScalableTarget", "TagResource"] }
      ChangeOwnScalableTargets = {
        key     = "ResourceTag"
        actions = ["DeleteScheduledAction", "DeregisterScalableTarget", "PutScheduledAction", "RegisterScalableTarget", "TagResource"]
      }
    }
    content {
      sid       = statement.key
      actions   = [for action in statement.value.actions : "application-autoscaling:${action}"]
      resources = local.resources[each.key].application-autoscaling
      condition {
        test     = "StringEquals"
        variable = "aws:${statement.value.key}/Platform"
        values   = [local.names[each.key]]
      }
    }
  }
  statement {
    # Otherwise a deployment could take over an existing one by tagging it.
    sid       = "TakeNobodysScalableTarget"
    effect    = "Deny"
    actions   = ["application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"]
    resources = local.resources[each.key].application-autoscaling
    condition {
      test     = "Null"
      variable = "aws:ResourceTag/Platform"
      values   = ["false"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  # A secret that is removed at once frees its name for another value. In dev, Terraform removes them so.
  dynamic "statement" {
    for_each = local.disposable[each.key] ? {} : {
      KeepSecretsUntilTheyAreMissed = { test = "Bool", key = "ForceDeleteWithoutRecovery", value = "true" }
      KeepSecretsForAMonth          = { test = "NumericLessThan", key = "RecoveryWindowInDays", value = "30" }
    }
    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["secretsmanager:DeleteSecret"]
      resources = local.resources[each.key].secretsmanager
      condition {
        test     = statement.value.test
        variable = "secretsmanager:${statement.value.key}"
        values   = [statement.value.value]
      }
    }
  }
  statement {
    sid       = "RetireTaskDefinitions"
    actions   = ["ecs:DeregisterTaskDefinition"]
    resources = ["*"] # AWS has no resource for it; a task that runs goes on
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
    sid       = "LetTheRegistryUseTheKey"
    actions   = ["kms:CreateGrant", "kms:RetireGrant"]
    resources = [module.key[each.key].arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ecr.${local.region}.amazonaws.com"]
    }
  }
  statement {
    # AWS's manual requires them to create a secret with a key; without secretsmanager:GetSecretValue they read nothing.
    sid       = "MakeSecretsWithTheKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.key[each.key].arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${local.region}.amazonaws.com"]
    }
  }
  statement {
    sid       = "MakeGroupsInTheCompanysNetwork"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = ["${local.aws}:ec2:*:${local.account}:vpc/*"]
  }
  dynamic "statement" {
    # A new resource has no tag yet: the request has it.
    for_each = { "ec2:CreateSecurityGroup" = "security-group", "ec2:AuthorizeSecurityGroupEgress" = "security-group-rule" }
    content {
      actions   = [statement.key]
      resources = ["${local.aws}:ec2:*:${local.account}:${statement.value}/*"]
      condition {
        test     = "StringEquals"
        variable = "aws:RequestTag/Platform"
        values   = [local.names[each.key]]
      }
    }
  }
  statement {
    sid       = "TagWhatIsMade"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.aws}:ec2:*:${local.account}:security-group/*", "${local.aws}:ec2:*:${local.account}:security-group-rule/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Platform"
      values   = [local.names[each.key]]
    }
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["AuthorizeSecurityGroupEgress", "CreateSecurityGroup"]
    }
  }
  statement {
    sid = "ChangeOwnGroups"
    actions = [
      "ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags", "ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:ModifySecurityGroupRules",
      "ec2:RevokeSecurityGroupEgress",
    ]
    resources = ["${local.aws}:ec2:*:${local.account}:security-group/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  statement {
    sid       = "ChangeOwnRules"
    actions   = ["ec2:CreateTags", "ec2:DeleteTags", "ec2:ModifySecurityGroupRules"]
    resources = ["${local.aws}:ec2:*:${local.account}:security-group-rule/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Platform"
      values   = [local.names[each.key]]
    }
  }
  statement {
    sid       = "MakeRolesWithinTheBoundary"
    actions   = ["iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:PutRolePolicy"]
    resources = values(local.roles[each.key])
    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [aws_iam_policy.boundary[each.key].arn]
    }
  }
  statement {
    sid       = "LetTheLoaderWriteTheLake"
    actions   = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    resources = [local.roles[each.key]["loader"]]
    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [aws_iam_policy.boundary[each.key].arn]
    }
    condition {
      test     = "ArnEquals"
      variable = "iam:PolicyARN"
      values   = [module.lake[each.key].writer_policy_arn]
    }
  }
  statement {
    # Snowflake names who assumes its role, and GitHub's ids may change. Who assumes the worker's roles never changes.
    sid       = "SayWhoTakesTheReadersRoles"
    actions   = ["iam:UpdateAssumeRolePolicy"]
    resources = [for kind in ["smoke", "snowflake"] : local.roles[each.key][kind]]
    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [aws_iam_policy.boundary[each.key].arn]
    }
  }
  statement {
    sid       = "DescribeRoles"
    actions   = ["iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription"]
    resources = values(local.roles[each.key])
  }
  statement {
    sid       = "HandRolesToEcs"
    actions   = ["iam:PassRole"]
    resources = [for kind in ["loader", "start"] : local.roles[each.key][kind]]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
  dynamic "statement" {
    # The first cluster and the first scalable target of an account create a service-linked role.
    for_each = {
      "ecs.amazonaws.com"                         = "AWSServiceRoleForECS"
      "ecs.application-autoscaling.amazonaws.com" = "AWSServiceRoleForApplicationAutoScaling_ECSService"
    }
    content {
      actions   = ["iam:CreateServiceLinkedRole"]
      resources = ["${local.aws}:iam::${local.account}:role/aws-service-role/${statement.key}/${statement.value}"]
      condition {
        test     = "StringEquals"
        variable = "iam:AWSServiceName"
        values   = [statement.key]
      }
    }
  }
}

# A policy of its own: the inline policies of a role may have 10,240 characters together.
resource "aws_iam_policy" "read" {
  for_each    = var.environments
  name        = "${local.names[each.key]}-read"
  description = "What a plan of ${local.names[each.key]} reads"
  policy      = data.aws_iam_policy_document.read[each.key].json
}

resource "aws_iam_role_policy_attachment" "plan" {
  for_each   = var.environments
  role       = aws_iam_role.plan[each.key].name
  policy_arn = aws_iam_policy.read[each.key].arn
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each   = var.environments
  role       = aws_iam_role.deploy[each.key].name
  policy_arn = aws_iam_policy.read[each.key].arn
}

resource "aws_iam_role_policy" "deploy" {
  for_each = var.environments
  name     = "write"
  role     = aws_iam_role.deploy[each.key].id
  policy   = data.aws_iam_policy_document.write[each.key].json
}
