variable "state_bucket" {
  type        = string
  description = "Name of the bucket for states, e.g. dp-mailblaze-demo-state-3dfbc1."
}

variable "environments" {
  type        = set(string)
  default     = ["dev", "prod"]
  description = "Each has a role that plans and one that applies, and a GitHub environment of the same name."
}
