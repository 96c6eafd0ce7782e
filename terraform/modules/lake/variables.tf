variable "name" {
  type        = string
  description = "Name of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "bucket_name" {
  type        = string
  description = "Name of the raw lake; its access log goes to a bucket with the suffix -logs."
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,56}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name is 3 to 58 small letters, digits and hyphens: -logs must fit behind it."
  }
}

variable "pipelines" {
  type        = set(string)
  description = "Names of the pipelines; each writes below a prefix of its own name."
  validation {
    condition     = length(var.pipelines) > 0 && alltrue([for name in var.pipelines : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "pipelines are names like postgres, without a slash or wildcard."
  }
}

variable "key_arn" {
  type        = string
  description = "ARN of the key that encrypts the objects."
}

variable "tier_days" {
  type = object({
    infrequent_access = optional(number, 30)
    glacier_instant   = optional(number, 90)
    noncurrent        = optional(number, 30)
  })
  default     = {}
  description = "Ages in days at which objects move to a cheaper tier, and overwritten versions are deleted."
  validation {
    condition     = var.tier_days.infrequent_access >= 30 && var.tier_days.glacier_instant >= var.tier_days.infrequent_access + 30
    error_message = "S3 wants 30 <= infrequent_access and 30 days more for glacier_instant."
  }
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Lets terraform destroy remove a bucket that holds objects."
}
