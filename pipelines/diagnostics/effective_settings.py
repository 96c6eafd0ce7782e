"""The settings that count and where each comes from: the first lines of `make doctor`. No secret is shown."""

import os
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from pipelines.configuration.lookup import SettingValue, as_variable, find_setting, prefect_api_setting
from pipelines.configuration.providers import NAMED_SECTIONS, PLAIN_SECTIONS, ignored_names
from pipelines.configuration.shell import ignored_variables, read_variable
from pipelines.environment import data_dir, environment
from pipelines.registry import SOURCES

# What every load uses.
ALWAYS_USED = (
    *(name for source in SOURCES.values() for name in source.required),
    "destination.warehouse.credentials.database",
    "destination.warehouse.credentials.host",
    "destination.warehouse.credentials.username",
    "destination.warehouse.credentials.role",
    "destination.warehouse.credentials.warehouse",
)
LAKE = ("destination.lake.bucket_url", "destination.lake.credentials.endpoint_url")
# Names of other libraries, shown where they count and are set.
AWS = (
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
)
SNOWFLAKE = ("ACCOUNT", "USER", "PRIVATE_KEY_PATH", "PRIVATE_KEY", "PASSWORD", "HOST", "PORT", "PROTOCOL")
PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
SECRET = re.compile("API_KEY|PASSWORD|PASSPHRASE|SECRET|TOKEN|ACCESS_KEY_ID|PRIVATE_KEY(?!_PATH)")


def format_settings() -> list[str]:
    """Return a line for each setting that counts, and one with the names that are ignored."""
    shown = [f"· {one.name} = {display_value(one)} ({one.origin})" for one in effective_settings()]
    names = sorted({*ignored_variables(), *ignored_names})
    return shown + ([f"· ignored: {', '.join(names)}"] if names else [])


def effective_settings() -> Iterator[SettingValue]:
    """Yield every setting that counts and has a value."""
    here = environment()
    yield SettingValue("MAILBLAZE_ENV", here.name, "the shell" if read_variable("MAILBLAZE_ENV") else "the default")
    yield SettingValue(
        "MAILBLAZE_DATA_DIR", data_dir(), "the shell" if read_variable("MAILBLAZE_DATA_DIR") else "the default"
    )
    yield SettingValue("dbt's target", here.name, "MAILBLAZE_ENV")
    seen: set[str] = set()
    found = [find_setting(name) for name in ALWAYS_USED] + [
        find_setting(name, source) for name in LAKE for source in SOURCES
    ]
    found += [find_setting(name, pipeline) for name, pipeline in _full_names_in_shell()]
    for one in [*found, prefect_api_setting()]:
        if one.value is not None and one.name not in seen and not isinstance(one.value, dict):
            seen.add(one.name)
            yield one
    for name in _other_programs_names(here.engine == "snowflake"):
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value:
            yield SettingValue(name, value, "the shell")


def display_value(found: SettingValue) -> str:
    """Return a value without secrets, in one line."""
    if SECRET.search(found.name):
        return "***"
    if found.name.endswith("CREDENTIALS"):
        return _display_address(found.value)
    return " ".join(re.sub(r"//[^/@]*@", "//", str(found.value)).split())


def _display_address(address: Any) -> str:
    """Return a URL without its password and its parameters, which may contain one."""
    try:
        url = sa.make_url(str(address).strip())
    except (sa.exc.ArgumentError, ValueError):
        return "***"
    host = ":".join(str(part) for part in (url.host, url.port) if part)
    return f"{url.drivername}://{url.username or ''}@{host}/{url.database or ''}"


def _full_names_in_shell() -> Iterator[tuple[str, str | None]]:
    """Yield the full names of the shell's variables, dotted, each with the pipeline that it is for."""
    for variable in sorted(os.environ):
        parts = variable.lower().split("__")
        pipeline = parts.pop(0) if len(parts) > 2 and parts[0] not in (*NAMED_SECTIONS, *PLAIN_SECTIONS) else None
        if len(parts) > 1 and parts[0] in (*NAMED_SECTIONS, *PLAIN_SECTIONS):
            name = ".".join(parts)
            if find_setting(name, pipeline).name in (variable, as_variable(name)):
                yield name, pipeline


def _other_programs_names(is_snowflake: bool) -> Iterator[str]:
    if is_snowflake:
        yield from (f"SNOWFLAKE_{name}" for name in SNOWFLAKE)
        yield from AWS
    yield from PROXY
