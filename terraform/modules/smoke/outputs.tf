output "role_arn" {
  value       = aws_iam_role.smoke.arn
  description = "ARN of the role that the workflow assumes."
}
