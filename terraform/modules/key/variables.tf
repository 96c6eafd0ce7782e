variable "name" {
  type        = string
  description = "Of the environment, e.g. dp-mailblaze-demo-dev."
}
