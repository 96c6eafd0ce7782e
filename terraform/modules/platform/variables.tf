variable "environment" {
  type        = string
  description = "The word of MAILBLAZE_ENV; it stands in every name."
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is dev or prod."
  }
}

variable "suffix" {
  type        = string
  default     = "3dfbc1"
  description = "Behind the bucket's name, which nobody else in the world may have."
}

variable "is_disposable" {
  type        = bool
  description = "Whether destroy may take objects, images and secrets with it."
}

variable "is_tried" {
  type        = bool
  default     = false
  description = "Whether the workflow smoke-snowflake runs here, in schemas and below prefixes of its own."
}

variable "hours" {
  type = object({
    up   = string
    down = string
  })
  description = "See modules/worker."
}

variable "runs" {
  type = object({
    hourly     = string
    full_build = string
  })
  description = "When loads are due, as cron in UTC, while the worker is up: those of the day, and the one with every test."
}

variable "image_tag" {
  type        = string
  description = "The commit whose image the worker runs."
}

variable "company" {
  type = object({
    snowflake_account = string                    # organization-account, as it stands in the account's URL
    saas_url          = string                    # the vendor's API
    prefect_url       = string                    # the Prefect server's API
    alert_emails      = set(string)               # who hears of the budget
    allowed_addresses = optional(set(string), []) # see modules/warehouse
    public_keys = optional(map(object({           # see modules/warehouse
      current = string
      next    = optional(string)
    })), {})
    network = object({ # see modules/worker
      vpc_id        = string
      subnet_ids    = list(string)
      postgres_cidr = string
    })
  })
  description = "What only the company knows."
}

variable "monthly_credits" {
  type        = number
  description = "Of Snowflake; at which the warehouses are suspended."
}

variable "monthly_usd" {
  type        = number
  description = "Of AWS; at which mails are sent."
}
