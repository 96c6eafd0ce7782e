# The raw lake, from which RAW can be rebuilt. A loader may not delete from it.
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Built from the name, so that a policy can be read in the plan.
  arn     = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}"
  log_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}-logs"
}

resource "aws_s3_bucket" "raw" {
  #checkov:skip=CKV_AWS_144:The record can be read again from the sources; a copy in another region doubles its price.
  #checkov:skip=CKV2_AWS_62:Loads name their files to COPY; nothing listens to the bucket.
  bucket        = var.bucket_name
  force_destroy = var.force_destroy
  tags          = { Platform = var.name } # the budget counts by it
}

resource "aws_s3_bucket_versioning" "raw" {
  bucket = aws_s3_bucket.raw.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "raw" {
  bucket = aws_s3_bucket.raw.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "raw" {
  bucket                  = aws_s3_bucket.raw.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "raw" {
  bucket = aws_s3_bucket.raw.id
  rule {
    bucket_key_enabled = true # one call to the key for many objects
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "raw" {
  bucket = aws_s3_bucket.raw.id
  rule {
    id     = "cheaper-with-age"
    status = "Enabled"
    filter {} # S3 leaves objects below 128 KiB where they are: they would cost more in the cheaper tiers
    transition {
      days          = var.tier_days.infrequent_access
      storage_class = "STANDARD_IA"
    }
    transition {
      days          = var.tier_days.glacier_instant
      storage_class = "GLACIER_IR"
    }
  }
  rule {
    id     = "forget-overwritten"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.tier_days.noncurrent
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
  depends_on = [aws_s3_bucket_versioning.raw]
}

data "aws_iam_policy_document" "tls_only" {
  for_each = { raw = local.arn, logs = local.log_arn }
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"] # denies everything to everyone without TLS: AWS has no narrower way
    resources = [each.value, "${each.value}/*"]
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
  statement {
    sid       = "DenyOldTls"
    effect    = "Deny"
    actions   = ["s3:*"] # as above
    resources = [each.value, "${each.value}/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }
  dynamic "statement" {
    for_each = each.key == "logs" ? [1] : []
    content {
      sid       = "S3WritesItsLog"
      actions   = ["s3:PutObject"]
      resources = ["${local.log_arn}/*"]
      principals {
        type        = "Service"
        identifiers = ["logging.s3.amazonaws.com"]
      }
      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [local.arn]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "raw" {
  bucket     = aws_s3_bucket.raw.id
  policy     = data.aws_iam_policy_document.tls_only["raw"].json
  depends_on = [aws_s3_bucket_public_access_block.raw]
}

resource "aws_s3_bucket_logging" "raw" {
  bucket        = aws_s3_bucket.raw.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "access/"
  depends_on    = [aws_s3_bucket_policy.logs]
}
