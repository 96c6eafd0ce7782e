variable "state_bucket" {
  type        = string
  description = "Name of the bucket for states, e.g. dp-mailblaze-demo-state-3dfbc1."
}

variable "environments" {
  type        = set(string)
  default     = ["dev", "prod"]
  description = "Each has a role that plans and one that applies, and a GitHub environment of the same name."
}

variable "suffix" {
  type        = string
  default     = "3dfbc1"
  description = "Behind the name of each lake, which nobody else in the world may have; as in modules/platform."
}

variable "disposable" {
  type        = set(string)
  default     = ["dev"]
  description = "Environments whose lake destroy may remove with its objects."
}

variable "activate_cost_tag" {
  type        = bool
  default     = false
  description = "Whether the tag Platform counts in budgets: true a day after the first apply, in the account that pays."
}
