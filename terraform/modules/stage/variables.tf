variable "name" {
  type        = string
  description = "Of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "integration" {
  type        = string
  description = "Name of the storage integration."
}

variable "lake_url" {
  type        = string
  description = "s3://bucket, without a slash at the end."
}

variable "bucket_arn" {
  type        = string
  description = "Of the lake."
}

variable "key_arn" {
  type        = string
  description = "Of the key that encrypts the lake."
}

variable "database" {
  type        = string
  description = "That holds RAW."
}

variable "raw_schema" {
  type        = string
  description = "The schema that loads write."
}

variable "loader" {
  type        = string
  description = "The role that copies from the stage."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that is the boundary of each role."
}
