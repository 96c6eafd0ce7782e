"""The doctor's check of AWS Secrets Manager: ECS starts no task if a secret that it names has no value."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from exactly_once.diagnostics.check import NotChecked
from exactly_once.errors import PipelineError
from pipelines.environment import environment
from pipelines.registry import SOURCES

# As in terraform/modules/platform/settings.tf; a test compares them.
REQUIRED_SECRETS = (
    "DESTINATION__WAREHOUSE__CREDENTIALS__PRIVATE_KEY",
    "SNOWFLAKE_PRIVATE_KEY",
    *(source.info.setting(list(source.settings)[-1]) for source in SOURCES.values()),
)
# At most one of them exists; Terraform's account_settings.prefect_auth says which.
PREFECT_SECRETS = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")
REGION = "eu-central-1"  # as in terraform/environments
DENIED_CODES = ("AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException")


class AccessDenied(Exception):
    """This sign-in may not describe secrets, which need not be a fault: the worker's may not, either."""


def check_secrets(client: Any = None) -> str:
    """Check that every secret that the worker's task names has a value.

    Args:
        client: of Secrets Manager; None: one with the sign-in of the shell.

    Raises:
        PipelineError: one has no value; the message has the command that sets it.
    """
    name = f"dp-mailblaze-demo-{environment().name}"
    try:
        has_value = _make_lookup(client or _client(), name)
        absent = [setting for setting in REQUIRED_SECRETS if has_value(setting) is None]
        empty = [setting for setting in (*REQUIRED_SECRETS, *PREFECT_SECRETS) if has_value(setting) is False]
    except AccessDenied as reason:
        return NotChecked(f"not looked at: {reason}; who deploys looks")
    if absent:
        raise PipelineError(f"{', '.join(f'{name}/{one}' for one in absent)}: not there; `terraform apply` makes it")
    if empty:
        put = 'aws secretsmanager put-secret-value --secret-string "$(cat VALUE)" --secret-id'
        puts = "; ".join(f"`{put} {name}/{one}`" for one in empty)
        raise PipelineError(f"no value in {', '.join(empty)}, and ECS starts no task before: {puts}")
    return f"each of {len([one for one in (*REQUIRED_SECRETS, *PREFECT_SECRETS) if has_value(one)])} has a value"


def _client() -> Any:
    from botocore.config import Config
    from botocore.session import Session

    config = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2})
    try:
        return Session().create_client("secretsmanager", region_name=REGION, config=config)
    except BotoCoreError as error:
        raise AccessDenied(_one_line(error)) from error


def _make_lookup(client: Any, name: str) -> Callable[[str], bool | None]:
    """Return a function that says of a setting whether its secret has a value (None: there is no secret), cached."""
    known: dict[str, bool | None] = {}

    def look(setting: str) -> bool | None:
        if setting not in known:
            known[setting] = _has_value(client, f"{name}/{setting}")
        return known[setting]

    return look


def _has_value(client: Any, secret: str) -> bool | None:
    try:
        found = client.describe_secret(SecretId=secret)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return None
        if code in DENIED_CODES:
            raise AccessDenied(f"this AWS sign-in may not secretsmanager:DescribeSecret ({code})") from error
        raise
    except BotoCoreError as error:  # no credentials, no network
        raise AccessDenied(_one_line(error)) from error
    return any("AWSCURRENT" in stages for stages in found.get("VersionIdsToStages", {}).values())


def _one_line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")
