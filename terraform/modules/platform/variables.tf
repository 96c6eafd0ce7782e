variable "environment" {
  type        = string
  description = "Name of the environment, as in MAILBLAZE_ENV; it is part of every name."
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is dev or prod."
  }
}

variable "suffix" {
  type        = string
  default     = "3dfbc1"
  description = "Suffix that makes the bucket name globally unique; the same as in bootstrap."
}

variable "force_destroy" {
  type        = bool
  description = "Lets terraform destroy remove images and secrets at once."
}

variable "allow_smoke_tests" {
  type        = bool
  default     = false
  description = "Allows smoke runs: the workflow smoke-snowflake runs here, in schemas and below prefixes of its own."
}

variable "hours" {
  type = object({
    up   = string
    down = string
  })
  description = "Hours of the worker; see modules/worker."
}

variable "runs" {
  type = object({
    hourly     = string
    full_build = string
  })
  description = "Schedules of loads in UTC, as cron, while the worker is up: the hourly ones, and the one with every test."
}

variable "image_tag" {
  type        = string
  description = "Commit whose image the worker runs."
}

variable "company" {
  type = object({
    snowflake_account  = string                      # organization-account, as in the account's URL
    saas_url           = string                      # the vendor's API
    prefect_url        = string                      # the Prefect server's API
    prefect_auth       = optional(string, "api_key") # how it is signed in to: api_key, basic or none
    alert_emails       = set(string)                 # who hears of the budget
    alert_users        = optional(set(string), [])   # the Snowflake users of these addresses, which are verified
    cost_tag_is_active = optional(bool, false)       # whether bootstrap was applied with activate_cost_tag
    ports = optional(object({                        # that the worker calls
      https    = optional(set(number), [443])
      postgres = optional(number, 5432)
    }), {})
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
  description = "Account, network, keys and addresses of the company."
  validation {
    condition     = contains(["api_key", "basic", "none"], var.company.prefect_auth)
    error_message = "prefect_auth is api_key (Prefect Cloud, or a proxy that takes one), basic (PREFECT_SERVER_API_AUTH_STRING) or none."
  }
  validation {
    condition     = alltrue([for port in setunion(var.company.ports.https, [var.company.ports.postgres]) : port > 0 && port < 65536])
    error_message = "ports are numbers from 1 to 65535."
  }
}

variable "monthly_credits" {
  type        = number
  description = "Snowflake credits a month, at which the warehouses are suspended."
}

variable "monthly_usd" {
  type        = number
  description = "US dollars a month in AWS, at which mails are sent."
}
