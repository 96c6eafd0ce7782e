# A loader may read the lake, and create objects below its pipelines' prefixes. It deletes no object and no version, and
# overwrites only objects below _lease/: leases, and what the flow keeps of the budget.
data "aws_iam_policy_document" "writer" {
  statement {
    sid = "List"
    # Without a condition on the prefix: without the right to list, S3 answers 403 for a missing object, which the lease
    # would read as a refusal.
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [local.arn]
  }
  statement {
    sid       = "Read"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"]
    resources = [for pipeline in var.pipelines : "${local.arn}/${pipeline}/*"]
  }
  statement {
    sid       = "WriteWhatIsNew" # PutObject and CompleteMultipartUpload with If-None-Match
    actions   = ["s3:PutObject"]
    resources = [for pipeline in var.pipelines : "${local.arn}/${pipeline}/*"]
    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteParts" # of an upload, whose requests have no If-None-Match and create no object
    actions   = ["s3:PutObject"]
    resources = [for pipeline in var.pipelines : "${local.arn}/${pipeline}/*"]
    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["false"]
    }
  }
  statement {
    sid       = "WriteLeases" # with If-Match (exactly_once/lease/store.py)
    actions   = ["s3:PutObject"]
    resources = [for pipeline in var.pipelines : "${local.arn}/${pipeline}/_lease/*"]
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

resource "aws_iam_policy" "writer" {
  name        = "${var.name}-lake-writer"
  description = "Writes the lake of ${var.name}; deletes nothing and writes over nothing"
  tags        = { Platform = var.name }
  policy      = data.aws_iam_policy_document.writer.json
}
