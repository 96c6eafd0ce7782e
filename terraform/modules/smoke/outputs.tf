output "role_arn" {
  value       = aws_iam_role.smoke.arn
  description = "Of the role that the workflow assumes."
}
