provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_resource {
  target          = aws_ecr_repository.this
  override_during = plan
  values          = { repository_url = "registry/dp-mailblaze-demo-dev", arn = "arn:aws:ecr:eu-central-1:123456789012:repository/r" }
}

override_resource {
  target          = aws_secretsmanager_secret.this
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:s" }
}

override_resource {
  target          = aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:g" }
}

variables {
  name              = "dp-mailblaze-demo-dev"
  key_arn           = "arn:aws:kms:eu-central-1:123456789012:key/k"
  writer_policy_arn = "arn:aws:iam::123456789012:policy/dp-mailblaze-demo-dev-lake-writer"
  network           = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], postgres_cidr = "10.0.0.0/16" }
  image_tag         = "0123abc"
  settings          = { MAILBLAZE_ENV = "dev" }
  secrets           = ["SOURCES__SAAS__API_KEY"]
  hours             = { up = "cron(0 6 * * ? *)", down = "cron(0 18 * * ? *)" }
}

run "the_container_is_no_root_and_writes_to_its_volumes_alone" {
  command = plan
  assert {
    condition = alltrue([for c in jsondecode(aws_ecs_task_definition.this.container_definitions) :
    c.readonlyRootFilesystem && c.user == "10001:10001" && c.linuxParameters.capabilities.drop == ["ALL"]])
    error_message = "the container may do more than it needs"
  }
  assert {
    condition = alltrue([for c in jsondecode(aws_ecs_task_definition.this.container_definitions) :
    [for e in c.environment : e.name] == ["MAILBLAZE_ENV"] && [for s in c.secrets : s.name] == ["SOURCES__SAAS__API_KEY"]])
    error_message = "a secret stands in the environment, or a setting is missing"
  }
}

run "ecs_alone_takes_its_roles_and_only_for_tasks_of_this_account" {
  command = plan
  assert {
    condition = jsondecode(data.aws_iam_policy_document.ecs.json).Statement == [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "somebody else takes the worker's roles"
  }
  assert {
    condition     = alltrue([for role in [aws_iam_role.task, aws_iam_role.execution] : jsondecode(role.assume_role_policy) == jsondecode(data.aws_iam_policy_document.ecs.json)])
    error_message = "a role of the worker trusts somebody else"
  }
}

run "it_calls_the_ports_that_were_given" {
  command = plan
  variables {
    ports = { https = [443, 4200], postgres = 6432 }
  }
  assert {
    condition = (
      toset([for r in aws_vpc_security_group_egress_rule.https : r.from_port]) == toset([443, 4200])
      && aws_vpc_security_group_egress_rule.postgres.to_port == 6432
    )
    error_message = "another port is open"
  }
}

run "it_has_no_public_address" {
  command = plan
  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "the worker has a public address"
  }
}

run "an_image_without_a_commit_is_refused" {
  command = plan
  variables {
    image_tag = "latest"
  }
  expect_failures = [var.image_tag]
}
