variable "name" {
  type        = string
  description = "Name of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "key_arn" {
  type        = string
  description = "ARN of the key that encrypts images, secrets and logs."
}

variable "writer_policy_arn" {
  type        = string
  description = "ARN of the policy that lets the worker write the lake."
}

variable "network" {
  type = object({
    vpc_id        = string
    subnet_ids    = list(string)
    postgres_cidr = string
  })
  description = "Private subnets with egress, from which the operational Postgres is reachable, and its address range."
}

variable "image_tag" {
  type        = string
  description = "Tag of the image: the commit's hash."
  validation {
    condition     = var.image_tag != "latest"
    error_message = "image_tag is a commit's hash: latest says not what runs."
  }
}

variable "settings" {
  type        = map(string)
  description = "Environment variables of the container, none of them secret."
}

variable "secrets" {
  type        = set(string)
  description = "Settings whose values come from Secrets Manager."
}

variable "hours" {
  type = object({
    up   = string
    down = string
  })
  description = "When the worker starts and stops, as schedules of Application Auto Scaling in UTC."
}

variable "size" {
  type = object({
    cpu    = number
    memory = number
  })
  default     = { cpu = 1024, memory = 2048 }
  description = "CPU units and MiB of the task."
}

variable "log_days" {
  type        = number
  default     = 30
  description = "Days for which log lines are kept."
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Lets terraform destroy remove images and secrets at once."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of each role."
}

variable "ports" {
  type = object({
    https    = optional(set(number), [443])
    postgres = optional(number, 5432)
  })
  default     = {}
  description = "Ports that the worker calls: https (443 for Snowflake and AWS, and Prefect's if it has another), and Postgres."
}
