output "repository_url" {
  value       = aws_ecr_repository.this.repository_url
  description = "Where images are pushed."
}

output "task_role_arn" {
  value       = aws_iam_role.task.arn
  description = "Of the role that the code runs with."
}

output "cluster" {
  value       = aws_ecs_cluster.this.name
  description = "The ECS cluster's name."
}

output "service" {
  value       = aws_ecs_service.this.name
  description = "The ECS service's name."
}

output "secrets" {
  value       = { for setting, secret in aws_secretsmanager_secret.this : setting => secret.name }
  description = "Names of the secrets whose values are to be put, by setting."
}
