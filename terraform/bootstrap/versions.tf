terraform {
  required_version = "~> 1.11"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
}

provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { Platform = "dp-mailblaze-demo", ManagedBy = "terraform" }
  }
}
