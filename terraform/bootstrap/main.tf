# Once for each AWS account, with a state on the administrator's machine, before any environment: the bucket for states,
# the roles by which GitHub signs in, and what no deployment may change (records.tf, boundary.tf).
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_144:A lost state is imported again from the resources.
  #checkov:skip=CKV2_AWS_62:Nothing listens to states.
  #checkov:skip=CKV_AWS_18:CloudTrail has who changed what; a second bucket would need a state of its own.
  #checkov:skip=CKV_AWS_145:A state holds no secret (values of secrets are put by hand), and a key here could lock everybody out.
  bucket = var.state_bucket
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    id     = "forget-old-states"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 365
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
  depends_on = [aws_s3_bucket_versioning.state]
}

data "aws_iam_policy_document" "state" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"] # denies everything to everyone without TLS: AWS has no narrower way
    resources = [local.state_arn, "${local.state_arn}/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "state" {
  bucket     = aws_s3_bucket.state.id
  policy     = data.aws_iam_policy_document.state.json
  depends_on = [aws_s3_bucket_public_access_block.state]
}

locals {
  state_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.state_bucket}"
}

# AWS accepts the tag about a day after the first resource has it, so this is applied a second time. Without the variable a
# later apply would deactivate the tag, and no budget would mail: it is refused instead.
resource "aws_ce_cost_allocation_tag" "platform" {
  count   = var.activate_cost_tag ? 1 : 0
  tag_key = "Platform"
  status  = "Active"
  lifecycle {
    prevent_destroy = true
  }
}
