# The access log of the lake, kept for a quarter.
resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:It holds the access log; a log of the log would never end.
  #checkov:skip=CKV_AWS_21:A log line is written once and never changed.
  #checkov:skip=CKV_AWS_144:As for the lake.
  #checkov:skip=CKV_AWS_145:S3 delivers access logs only to buckets that it encrypts with its own key.
  #checkov:skip=CKV2_AWS_62:As for the lake.
  bucket        = "${var.bucket_name}-logs"
  force_destroy = var.force_destroy
  tags          = { Platform = var.name }
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    id     = "forget"
    status = "Enabled"
    filter {}
    expiration {
      days = 90
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket     = aws_s3_bucket.logs.id
  policy     = data.aws_iam_policy_document.tls_only["logs"].json
  depends_on = [aws_s3_bucket_public_access_block.logs]
}
