variable "state_bucket" {
  type        = string
  description = "Name of the bucket for states, e.g. dp-mailblaze-demo-state-3dfbc1."
}

variable "environments" {
  type        = set(string)
  default     = ["dev", "prod"]
  description = "Environments of this AWS account. Each gets two roles, a key and a lake."
  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["dev", "prod"])) == 0
    error_message = "environments are dev, prod or both: a lake's name is the world's, so each is in one account."
  }
}

variable "suffix" {
  type        = string
  default     = "3dfbc1"
  description = "Suffix that makes the name of each lake globally unique; the same as in modules/platform."
}

variable "disposable" {
  type        = set(string)
  default     = ["dev"]
  description = "Environments whose lake terraform destroy may remove with its objects."
}

variable "activate_cost_tag" {
  type        = bool
  default     = false
  description = "Activates the tag Platform for cost allocation: true a day after the first apply, in an account that pays for itself; a member account of an organization cannot. It stays true."
}
