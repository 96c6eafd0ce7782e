output "stage" {
  value       = "${var.database}.${var.raw_schema}.${snowflake_stage_external_s3.this.name}"
  description = "Name of the stage."
}

output "role_arn" {
  value       = aws_iam_role.snowflake.arn
  description = "ARN of the role that Snowflake assumes."
}
