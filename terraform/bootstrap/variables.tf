variable "state_bucket" {
  type        = string
  description = "Name of the bucket for states, e.g. dp-mailblaze-demo-state-3dfbc1."
}

variable "github_repository" {
  type        = string
  description = "owner/name whose workflows sign in."
  validation {
    condition     = can(regex("^[^/*]+/[^/*]+$", var.github_repository))
    error_message = "github_repository is owner/name, without a wildcard."
  }
}

variable "environments" {
  type        = set(string)
  default     = ["dev", "prod"]
  description = "Each has a role that plans and one that applies, and a GitHub environment of the same name."
}
