# The Prefect worker: one container on Fargate, up while loads are due.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE" # a tag is a commit
  force_delete         = var.force_destroy
  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The last 20 images: far enough to go back"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:A load's record is in RAW and in Prefect; nobody reads a year of log lines.
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-worker"
  description = "The worker calls, nobody calls it"
  vpc_id      = var.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each          = toset([for port in var.ports.https : tostring(port)])
  security_group_id = aws_security_group.this.id
  description       = "Snowflake, the vendor's API, Prefect, AWS: public names without fixed addresses"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = each.key
  to_port           = each.key
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "postgres" {
  security_group_id = aws_security_group.this.id
  description       = "The operational Postgres"
  cidr_ipv4         = var.network.postgres_cidr
  from_port         = var.ports.postgres
  to_port           = var.ports.postgres
  ip_protocol       = "tcp"
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
  # What a run leaves on disk is not needed: the next one, on any machine, reads state and lake (docs/guarantees.md).
  volume {
    name = "data"
  }
  volume {
    name = "tmp"
  }
  container_definitions = jsonencode([{
    name                   = "worker"
    image                  = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
    command                = ["sh", "flows/worker.sh"]
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    stopTimeout            = 120
    environment            = [for name in sort(keys(var.settings)) : { name = name, value = var.settings[name] }]
    secrets                = [for name in sort(keys(aws_secretsmanager_secret.this)) : { name = name, valueFrom = aws_secretsmanager_secret.this[name].arn }]
    mountPoints            = [for name in ["data", "tmp"] : { sourceVolume = name, containerPath = "/${name}", readOnly = false }]
    portMappings           = []
    systemControls         = []
    volumesFrom            = []
    # Prefect's own health check: 503 once the worker no longer polls. ECS does not read the image's, so it is repeated here.
    healthCheck = {
      command     = ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = data.aws_region.current.name
        "awslogs-stream-prefix" = "worker"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  name                               = "worker"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = 0
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 0 # one worker at a time: a second one would only wait for the lease
  deployment_maximum_percent         = 100
  propagate_tags                     = "SERVICE"
  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }
  lifecycle {
    ignore_changes = [desired_count] # the schedule's
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 0
  max_capacity       = 1
  lifecycle {
    ignore_changes = [min_capacity, max_capacity] # the schedule's
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each           = { up = var.hours.up, down = var.hours.down }
  name               = "${var.name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = each.value
  timezone           = "UTC"
  scalable_target_action {
    min_capacity = each.key == "up" ? 1 : 0
    max_capacity = each.key == "up" ? 1 : 0
  }
}
