variable "name" {
  type        = string
  description = "Name of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "bucket_arn" {
  type        = string
  description = "ARN of the raw lake."
}

variable "key_arn" {
  type        = string
  description = "ARN of the key that encrypts the lake."
}

variable "pipelines" {
  type        = set(string)
  description = "Names of the pipelines; each writes below a prefix of its own name."
}

variable "database" {
  type        = string
  description = "Database whose name is part of the name of a lease."
}

variable "scratch" {
  type        = string
  default     = "SMOKE_"
  description = "Prefix of the schemas that a smoke run creates (tools/snowflake_smoke/smoke.py)."
  validation {
    condition     = can(regex("^[A-Z]+_$", var.scratch))
    error_message = "scratch is upper case with an underscore at its end: without it RAW itself would be matched."
  }
}

variable "github_environment" {
  type        = string
  default     = "snowflake"
  description = "GitHub environment of the workflow's job."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of each role."
}
