output "state_bucket" {
  value       = aws_s3_bucket.state.id
  description = "For terraform init -backend-config=bucket=..."
}

output "deploy_role_arns" {
  value       = { for name, role in aws_iam_role.deploy : name => role.arn }
  description = "By environment: the variable DEPLOY_ROLE_ARN of the GitHub environment."
}

output "plan_role_arns" {
  value       = { for name, role in aws_iam_role.plan : name => role.arn }
  description = "By environment: the variable PLAN_ROLE_ARN of the GitHub environment plan-NAME."
}

output "lakes" {
  value       = { for name, lake in module.lake : name => lake.url }
  description = "By environment: the raw lake."
}

output "boundary_arns" {
  value       = { for name, policy in aws_iam_policy.boundary : name => policy.arn }
  description = "By environment: the most that a role of a deployment may do."
}
