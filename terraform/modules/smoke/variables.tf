variable "name" {
  type        = string
  description = "Of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "bucket_arn" {
  type        = string
  description = "Of the lake."
}

variable "key_arn" {
  type        = string
  description = "Of the key that encrypts the lake."
}

variable "pipelines" {
  type        = set(string)
  description = "Each writes below a prefix of its own name."
}

variable "database" {
  type        = string
  description = "Whose name stands in the name of a lease."
}

variable "scratch" {
  type        = string
  default     = "SMOKE_"
  description = "How the names of schemas begin that a run makes for itself (tests/snowflake/smoke.py)."
  validation {
    condition     = can(regex("^[A-Z]+_$", var.scratch))
    error_message = "scratch is upper case with an underscore at its end: without it RAW itself would be matched."
  }
}

variable "github_environment" {
  type        = string
  default     = "snowflake"
  description = "The GitHub environment of the workflow's job."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that is the boundary of each role."
}
