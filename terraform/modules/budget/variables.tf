variable "name" {
  type        = string
  description = "Name of the environment, and value of its tag Platform."
}

variable "monthly_usd" {
  type        = number
  description = "Budget in US dollars a month."
  validation {
    condition     = var.monthly_usd > 0
    error_message = "monthly_usd is more than 0."
  }
}

variable "emails" {
  type        = set(string)
  description = "Addresses that are mailed at 80 %, at 100 % and when 100 % is forecast."
  validation {
    condition     = length(var.emails) > 0
    error_message = "Name at least one address that hears of the budget."
  }
}

variable "counts_by_tag" {
  type        = bool
  default     = false
  description = "Counts only resources with the tag Platform: true after bootstrap was applied with activate_cost_tag."
}
