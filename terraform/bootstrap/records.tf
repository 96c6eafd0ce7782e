# What holds the rows of an environment and decides who reads them: key, lake and policies. They are the administrator's,
# so that no deployment can open, empty or remove them.
module "key" {
  for_each = var.environments
  source   = "../modules/key"
  name     = local.names[each.key]
  account  = local.account
}

module "lake" {
  for_each      = var.environments
  source        = "../modules/lake"
  name          = local.names[each.key]
  bucket_name   = "${local.names[each.key]}-raw-${var.suffix}"
  pipelines     = ["postgres", "saas"] # as in modules/platform
  key_arn       = module.key[each.key].arn
  force_destroy = contains(var.disposable, each.key)
}
