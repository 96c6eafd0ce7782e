terraform {
  required_version = "~> 1.11"
  required_providers {
    aws       = { source = "hashicorp/aws", version = "~> 5.100" }
    snowflake = { source = "snowflakedb/snowflake", version = "~> 2.22" }
  }

  # The bucket is known after bootstrap: terraform init -backend-config=bucket=$(terraform -chdir=../../bootstrap output -raw state_bucket)
  backend "s3" {
    key          = "prod/terraform.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true # S3's own lock: no table beside it
  }
}
