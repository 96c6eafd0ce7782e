output "bucket_name" {
  value       = aws_s3_bucket.raw.id
  description = "Name of the raw lake."
}

output "bucket_arn" {
  value       = local.arn
  description = "ARN of the raw lake."
}

output "url" {
  value       = "s3://${aws_s3_bucket.raw.id}"
  description = "URL that pipelines write below, without a slash at the end."
}

output "writer_policy_arn" {
  value       = aws_iam_policy.writer.arn
  description = "ARN of the policy that lets a role load."
}
