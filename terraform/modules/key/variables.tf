variable "name" {
  type        = string
  description = "Name of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "account" {
  type        = string
  description = "ID of the AWS account, whose IAM policies decide who uses the key."
}
