output "stage" {
  value       = "${var.database}.${var.raw_schema}.${snowflake_stage_external_s3.this.name}"
  description = "The stage's name."
}

output "role_arn" {
  value       = aws_iam_role.snowflake.arn
  description = "Of the role that Snowflake assumes."
}
