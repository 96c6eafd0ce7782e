provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variables {
  name        = "dp-mailblaze-demo-dev"
  bucket_name = "dp-mailblaze-demo-dev-raw-3dfbc1"
  pipelines   = ["postgres", "saas"]
  key_arn     = "arn:aws:kms:eu-central-1:123456789012:key/k"
}

run "closed_versioned_encrypted" {
  command = plan
  assert {
    condition = alltrue([for block in [aws_s3_bucket_public_access_block.raw, aws_s3_bucket_public_access_block.logs] :
    block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "public access is not blocked"
  }
  assert {
    condition     = aws_s3_bucket_versioning.raw.versioning_configuration[0].status == "Enabled"
    error_message = "an overwritten file would be lost"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.raw.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.key_arn
    error_message = "not encrypted with the environment's key"
  }
  assert {
    condition     = !aws_s3_bucket.raw.force_destroy
    error_message = "destroy would take the record with it"
  }
}

run "refuses_plain_http_and_old_tls" {
  command = plan
  assert {
    condition = alltrue([for name in ["raw", "logs"] : length([
      for s in jsondecode(data.aws_iam_policy_document.tls_only[name].json).Statement : s if s.Effect == "Deny"
    ]) == 2])
    error_message = "a bucket answers without TLS 1.2"
  }
}

run "the_writer_deletes_nothing_and_stays_in_its_prefixes" {
  command = plan
  assert {
    condition     = !strcontains(data.aws_iam_policy_document.writer.json, "Delete")
    error_message = "the writer may delete"
  }
  assert {
    condition = toset(flatten([
      for s in jsondecode(data.aws_iam_policy_document.writer.json).Statement : s.Resource if contains(flatten([s.Action]), "s3:PutObject")
    ])) == toset(flatten([for p in var.pipelines : [for place in ["", "_lease/"] : "arn:aws:s3:::dp-mailblaze-demo-dev-raw-3dfbc1/${p}/${place}*"]]))
    error_message = "the writer writes elsewhere"
  }
  assert {
    condition = alltrue([
      for s in jsondecode(data.aws_iam_policy_document.writer.json).Statement :
      can(s.Condition.Null["s3:if-none-match"] == "false") || can(s.Condition.Bool["s3:ObjectCreationOperation"] == "false")
      if contains(flatten([s.Action]), "s3:PutObject") && !alltrue([for r in flatten([s.Resource]) : endswith(r, "/_lease/*")])
    ])
    error_message = "the writer may write over the record"
  }
}

run "a_prefix_with_a_wildcard_is_refused" {
  command = plan
  variables {
    pipelines = ["*"]
  }
  expect_failures = [var.pipelines]
}

run "tiers_that_s3_would_refuse_are_refused" {
  command = plan
  variables {
    tier_days = { infrequent_access = 10 }
  }
  expect_failures = [var.tier_days]
}
