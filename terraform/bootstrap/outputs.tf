output "state_bucket" {
  value       = aws_s3_bucket.state.id
  description = "Bucket for states, for terraform init -backend-config=bucket=..."
}

output "deploy_role_arns" {
  value       = { for name, role in aws_iam_role.deploy : name => role.arn }
  description = "ARN of the deployment role by environment: the variable DEPLOY_ROLE_ARN in GitHub."
}

output "plan_role_arns" {
  value       = { for name, role in aws_iam_role.plan : name => role.arn }
  description = "ARN of the planning role by environment: the variable PLAN_ROLE_ARN of plan-NAME in GitHub."
}

output "lakes" {
  value       = { for name, lake in module.lake : name => lake.url }
  description = "Name of the raw lake by environment."
}

output "boundary_arns" {
  value       = { for name, policy in aws_iam_policy.boundary : name => policy.arn }
  description = "ARN of the permissions boundary by environment."
}
