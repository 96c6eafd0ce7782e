output "bucket_name" {
  value       = aws_s3_bucket.raw.id
  description = "Of the raw lake."
}

output "bucket_arn" {
  value       = local.arn
  description = "Of the raw lake."
}

output "url" {
  value       = "s3://${aws_s3_bucket.raw.id}"
  description = "What pipelines write below, without a slash at the end."
}

output "writer_policy_arn" {
  value       = aws_iam_policy.writer.arn
  description = "Of the policy that lets a role load."
}
