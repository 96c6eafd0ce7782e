variable "name" {
  type        = string
  description = "Name of the environment, e.g. dp-mailblaze-demo-dev."
}

variable "integration" {
  type        = string
  description = "Name of the storage integration."
}

variable "lake_url" {
  type        = string
  description = "URL of the lake, s3://bucket, without a slash at the end."
}

variable "bucket_arn" {
  type        = string
  description = "ARN of the raw lake."
}

variable "key_arn" {
  type        = string
  description = "ARN of the key that encrypts the lake."
}

variable "database" {
  type        = string
  description = "Database that holds RAW."
}

variable "raw_schema" {
  type        = string
  description = "Schema that loads write."
}

variable "loader" {
  type        = string
  description = "Role that copies from the stage."
}

variable "boundary" {
  type        = string
  default     = null
  description = "ARN of the permissions boundary of each role."
}
