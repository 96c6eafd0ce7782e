# Secrets without values: values are put by hand or by rotation and are in no state:
# aws secretsmanager put-secret-value --secret-id NAME/SETTING --secret-string "$(cat ...)"
resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:Keys of Snowflake, Postgres and vendors: each is changed in two places; docs/security.md says how.
  for_each                = var.secrets
  name                    = "${var.name}/${each.key}"
  description             = "The setting ${each.key} of ${var.name}"
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.force_destroy ? 0 : 30
}
