-- Once for each Snowflake account, by a person who has ACCOUNTADMIN, before the first apply: the users of Terraform.
-- Each key is the public one of a pair that was made for this user alone, without header, footer and line breaks
-- (docs/runbooks/first-deployment.md has the commands). Run it again after a change: it creates what is missing and alters the rest.

-- Terraform's provider reads tags and views by this warehouse: Terraform's own do not exist before the first apply.
USE ROLE SYSADMIN;
CREATE WAREHOUSE IF NOT EXISTS ADMIN_WH
  WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE STATEMENT_TIMEOUT_IN_SECONDS = 600
  COMMENT = 'Terraform: tags and views';

-- The administrator, who deploys. Its key is the secret TERRAFORM_USER_KEY of the GitHub environments dev and prod.
USE ROLE ACCOUNTADMIN;
GRANT USAGE ON WAREHOUSE ADMIN_WH TO ROLE SECURITYADMIN;
CREATE USER IF NOT EXISTS TERRAFORM_ADMIN
  TYPE = SERVICE DEFAULT_ROLE = SYSADMIN DEFAULT_WAREHOUSE = ADMIN_WH DEFAULT_SECONDARY_ROLES = ()
  COMMENT = 'Terraform deploys';
ALTER USER TERRAFORM_ADMIN SET RSA_PUBLIC_KEY = 'PUBLIC KEY OF TERRAFORM_ADMIN';
GRANT ROLE SYSADMIN TO USER TERRAFORM_ADMIN;
GRANT ROLE SECURITYADMIN TO USER TERRAFORM_ADMIN;
GRANT ROLE ACCOUNTADMIN TO USER TERRAFORM_ADMIN;

-- The planner, who plans for a pull request and may change nothing. Its key is the secret TERRAFORM_USER_KEY of plan-dev and plan-prod.
CREATE ROLE IF NOT EXISTS TERRAFORM_PLANNER COMMENT = 'Terraform plans for pull requests and changes nothing';
CREATE USER IF NOT EXISTS TERRAFORM_PLANNER
  TYPE = SERVICE DEFAULT_ROLE = TERRAFORM_PLANNER DEFAULT_WAREHOUSE = ADMIN_WH DEFAULT_SECONDARY_ROLES = ()
  COMMENT = 'Terraform plans for pull requests';
ALTER USER TERRAFORM_PLANNER SET RSA_PUBLIC_KEY = 'PUBLIC KEY OF TERRAFORM_PLANNER';
GRANT ROLE TERRAFORM_PLANNER TO USER TERRAFORM_PLANNER;
GRANT USAGE ON WAREHOUSE ADMIN_WH TO ROLE TERRAFORM_PLANNER;
