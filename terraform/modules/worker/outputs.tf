output "repository_url" {
  value       = aws_ecr_repository.this.repository_url
  description = "URL of the image repository."
}

output "task_role_arn" {
  value       = aws_iam_role.task.arn
  description = "ARN of the role that the code runs with."
}

output "cluster" {
  value       = aws_ecs_cluster.this.name
  description = "Name of the ECS cluster."
}

output "service" {
  value       = aws_ecs_service.this.name
  description = "Name of the ECS service."
}

output "secrets" {
  value       = { for setting, secret in aws_secretsmanager_secret.this : setting => secret.name }
  description = "Names of the secrets that need a value, by setting."
}
