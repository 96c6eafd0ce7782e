"""What counts of all settings, and where each comes from: the first lines of `make doctor`. No secret is shown."""

import os
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from pipelines.configuration.settings import NAMED, SINGLE, Found, as_variable, find, ignored, prefect_api
from pipelines.configuration.shell import ignored as left_out
from pipelines.configuration.shell import setting
from pipelines.environment import data_dir, environment
from pipelines.registry import SOURCES

# What a load uses in any case.
ALWAYS = (
    *(name for source in SOURCES.values() for name in source.required),
    "destination.warehouse.credentials.database",
    "destination.warehouse.credentials.host",
    "destination.warehouse.credentials.username",
    "destination.warehouse.credentials.role",
    "destination.warehouse.credentials.warehouse",
)
LAKE = ("destination.lake.bucket_url", "destination.lake.credentials.endpoint_url")
# Names that are not dlt's, where they count and are set.
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


def lines() -> list[str]:
    """Return a line for each setting that counts, and one with the names that do not."""
    shown = [f"· {one.name} = {value_of(one)} ({one.origin})" for one in effective()]
    names = sorted({*left_out(), *ignored})
    return shown + ([f"· ignored: {', '.join(names)}"] if names else [])


def effective() -> Iterator[Found]:
    """Yield every setting that counts and has a value."""
    here = environment()
    yield Found("MAILBLAZE_ENV", here.name, "the shell" if setting("MAILBLAZE_ENV") else "the default")
    yield Found("MAILBLAZE_DATA_DIR", data_dir(), "the shell" if setting("MAILBLAZE_DATA_DIR") else "the default")
    yield Found("dbt's target", here.name, "MAILBLAZE_ENV")
    seen: set[str] = set()
    found = [find(name) for name in ALWAYS] + [find(name, source) for name in LAKE for source in SOURCES]
    found += [find(name, pipeline) for name, pipeline in _typed_in_the_shell()]
    for one in [*found, prefect_api()]:
        if one.value is not None and one.name not in seen and not isinstance(one.value, dict):
            seen.add(one.name)
            yield one
    for name in _others(here.engine == "snowflake"):
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value:
            yield Found(name, value, "the shell")


def value_of(found: Found) -> str:
    """Return a value as it may be shown."""
    if SECRET.search(found.name):
        return "***"
    if found.name.endswith("CREDENTIALS"):
        return _place(found.value)
    return " ".join(re.sub(r"//[^/@]*@", "//", str(found.value)).split())


def _place(address: Any) -> str:
    """Return an address without its password and its parameters, which may hold one."""
    try:
        url = sa.make_url(str(address).strip())
    except (sa.exc.ArgumentError, ValueError):
        return "***"
    host = ":".join(str(part) for part in (url.host, url.port) if part)
    return f"{url.drivername}://{url.username or ''}@{host}/{url.database or ''}"


def _typed_in_the_shell() -> Iterator[tuple[str, str | None]]:
    """Yield the full names that the shell has, dotted, each with the pipeline that it is for."""
    for variable in sorted(os.environ):
        parts = variable.lower().split("__")
        pipeline = parts.pop(0) if len(parts) > 2 and parts[0] not in (*NAMED, *SINGLE) else None
        if len(parts) > 1 and parts[0] in (*NAMED, *SINGLE):
            name = ".".join(parts)
            if find(name, pipeline).name in (variable, as_variable(name)):
                yield name, pipeline


def _others(is_snowflake: bool) -> Iterator[str]:
    if is_snowflake:
        yield from (f"SNOWFLAKE_{name}" for name in SNOWFLAKE)
        yield from AWS
    yield from PROXY
