# What a loader may do in the lake: read and write below its pipelines' prefixes. No deletion, of an object or a version.
data "aws_iam_policy_document" "writer" {
  statement {
    sid = "List"
    # Without a condition on the prefix: to who may not list the bucket, S3 answers 403 where no object is, and the lease
    # would take that for a refusal.
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [local.arn]
  }
  statement {
    sid       = "ReadAndWrite"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = [for pipeline in var.pipelines : "${local.arn}/${pipeline}/*"]
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
  description = "Writes the lake of ${var.name}, deletes nothing"
  policy      = data.aws_iam_policy_document.writer.json
}
