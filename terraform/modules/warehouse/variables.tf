variable "environment" {
  type        = string
  description = "Name of the environment, as in MAILBLAZE_ENV."
}

variable "database" {
  type        = string
  description = "Name of the database."
  validation {
    condition     = can(regex("^[A-Z][A-Z0-9_]*$", var.database))
    error_message = "database is upper case: Snowflake folds a name that is not quoted."
  }
}

variable "retention_days" {
  type        = number
  description = "Days of time travel."
}

variable "monthly_credits" {
  type        = number
  description = "Credits at which the warehouses are suspended until the next month."
  validation {
    condition     = var.monthly_credits > 0
    error_message = "monthly_credits is more than 0: without a quota nothing stops."
  }
}

variable "statement_timeout_seconds" {
  type        = number
  default     = 3600
  description = "Seconds after which a statement is ended."
}

variable "public_keys" {
  type = map(object({
    current = string
    next    = optional(string)
  }))
  description = "RSA public keys of LOADER, TRANSFORMER and REPORTER, without header, footer and line breaks. A role without one gets no user."
  validation {
    condition     = alltrue([for role in keys(var.public_keys) : contains(["LOADER", "TRANSFORMER", "REPORTER"], role)])
    error_message = "public_keys are those of LOADER, TRANSFORMER and REPORTER."
  }
  validation {
    condition = alltrue([for key in values(var.public_keys) : alltrue([
      for text in [key.current, coalesce(key.next, "x")] : !strcontains(text, "-----") && !strcontains(text, "\n")
    ])])
    error_message = "A public key is given without its header, footer and line breaks."
  }
}

variable "allowed_addresses" {
  type        = set(string)
  default     = []
  description = "CIDR ranges from which the service users may sign in; empty: from anywhere."
}

variable "allow_smoke_tests" {
  type        = bool
  default     = false
  description = "Lets LOADER and TRANSFORMER create schemas, which smoke runs need."
}

variable "regions" {
  type        = set(string)
  default     = ["apac", "eu", "latam", "us"]
  description = "Regions of accounts; each has a role that reads its rows."
}

variable "alert_users" {
  type        = set(string)
  default     = []
  description = "Snowflake users that are mailed at 50, 75 and 90 % of monthly_credits; their addresses must be verified."
}
