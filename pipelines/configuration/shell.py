"""The variables of the shell: reads ours, and removes those of other programs from this process.

It imports nothing of dlt: the dashboard and the flow use it, too.
"""

import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from exactly_once.errors import PipelineError

# The variables of dbt that stay: where it writes, and whether it sends usage statistics.
DBT_ALLOWED = (
    "DBT_TARGET_PATH",
    "DBT_LOG_PATH",
    "DBT_SEND_ANONYMOUS_USAGE_STATS",
    "DBT_ENGINE_TARGET_PATH",
    "DBT_ENGINE_LOG_PATH",
    "DBT_ENGINE_SEND_ANONYMOUS_USAGE_STATS",
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HOST_PATTERN = r"(?:\[[0-9a-fA-F:.]+\]|[^/@:\s\[\]]+)"
PROXY_ADDRESS = re.compile(rf"(?:https?://)?(?:[^/@]*@)?{HOST_PATTERN}(?::(\d{{1,5}}))?(?:/.*)?", re.IGNORECASE)
# dlt reads these while it is imported, and each changes what a load writes.
IMPORT_TIME_VARIABLES = (
    "DLT_DEFAULT_NAMING_MODULE",
    "DLT_DEFAULT_NAMING_NAMESPACE",
    "DLT_DISABLE_PLUGINS",
    "DLT_DLT_ID_LENGTH_BYTES",
    "DLT_JSON_TYPED_PUA_START",
    "DLT_USE_JSON",
)
AWS_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")

_ignored: dict[str, str] = {}  # what `ignore_foreign` removed from this process's environment


def read_variable(name: str, default: str | None = None) -> str | None:
    """Return a variable of the shell; an empty one counts as unset."""
    return os.environ.get(name) or default


def foreign_variables(uses_local_services: bool) -> list[str]:
    """Return the variables that other programs read and that no command of ours uses, sorted.

    Args:
        uses_local_services: in `local` and `ci`, where the lake uses none of AWS's own settings.
    """
    found = [name for name in os.environ if re.match(r"PG[A-Z]", name)]
    found += [name for name in os.environ if re.match(r"DBT_", name) and name not in DBT_ALLOWED]
    if uses_local_services:
        found += [name for name in os.environ if name.startswith("AWS_") and os.environ[name] != os.devnull]
    return sorted(found)


def ignore_foreign(uses_local_services: bool) -> list[str]:
    """Remove foreign variables from this process's environment, and reach loopback without a proxy.

    libpq, dbt and botocore read the environment themselves, on any thread, so the variables are removed for good.
    Call it before a command works; a second call changes nothing.

    Args:
        uses_local_services: as in `foreign`.

    Returns:
        The names that were removed, sorted.

    Raises:
        PipelineError: a variable took effect before it could be removed, or a proxy cannot be used.
    """
    for name in IMPORT_TIME_VARIABLES:
        if read_variable(name):
            raise PipelineError(
                f"{name} is set, and changes what dlt writes to RAW: type `unset {name}`, then run again."
            )
    names = foreign_variables(uses_local_services)
    _ignored.update((name, os.environ.pop(name)) for name in names)
    if uses_local_services:  # the files ~/.aws/config and ~/.aws/credentials
        os.environ.update(dict.fromkeys(AWS_FILES, os.devnull))
    bypass_proxy_on_loopback(uses_local_services)
    return names


def ignored_variables() -> list[str]:
    """Return the names that `ignore_foreign` has removed, sorted."""
    return sorted(_ignored)


def report_ignored(names: list[str]) -> None:
    """Print the names of ignored variables on standard error, in one line."""
    if names:
        print(f"ignored: {', '.join(names)} (docs/configuration.md)", file=sys.stderr, flush=True)


@contextmanager
def aws_variables_restored() -> Iterator[None]:
    """Restore AWS's variables for a `with`: an S3 URL that somebody typed is reached by AWS's own chain."""
    found = {name: value for name, value in _ignored.items() if name.startswith("AWS_")}
    kept = {name: os.environ.pop(name) for name in AWS_FILES if os.environ.get(name) == os.devnull}
    os.environ.update(found)
    try:
        yield
    finally:
        for name in found:
            os.environ.pop(name, None)
        os.environ.update(kept)


def bypass_proxy_on_loopback(uses_local_services: bool) -> None:
    """Add loopback to NO_PROXY, and remove proxies that no client here can use: SOCKS, or without an address.

    Raises:
        PipelineError: such a proxy is set in an environment whose services are on other machines.
    """
    for name, value in urllib.request.getproxies().items():  # macOS has a proxy in its own settings, too
        if f"{name}_proxy" in PROXIES and not any(os.environ.get(one) for one in _spellings(f"{name}_proxy")):
            os.environ[f"{name}_proxy"] = value
    unusable = unusable_proxies()
    if unusable and not uses_local_services:
        raise PipelineError(_unusable_proxies_message({name: os.environ[name] for name in unusable}))
    _ignored.update((name, os.environ.pop(name)) for name in unusable)
    if not any(os.environ.get(one) for name in PROXIES for one in _spellings(name)):
        return
    for name in _spellings("no_proxy"):
        hosts = [host.strip() for host in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")]
        hosts = [host for host in hosts if host]
        os.environ[name] = ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])


def unusable_proxies() -> list[str]:
    """Return the variables that set a SOCKS proxy, or one without an HTTP address, sorted."""
    names = [one for name in PROXIES for one in _spellings(name)]
    return sorted(name for name in names if os.environ.get(name) and not _is_usable(os.environ[name]))


def _is_usable(proxy: str) -> bool:
    found = PROXY_ADDRESS.fullmatch(proxy.strip())
    return found is not None and int(found[1] or 1) < 65536


def require_usable_proxy(url: str) -> None:
    """Check that a host on another machine is not reached directly although the shell sets an unusable proxy.

    Raises:
        PipelineError: it would be.
    """
    host = urlsplit(url).hostname or ""
    unusable = {name: value for name, value in sorted(_ignored.items()) if name.lower() in PROXIES}
    has_another = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if unusable and not has_another and not is_loopback(host):
        raise PipelineError(_unusable_proxies_message(unusable))


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    return host in LOOPBACK or host.startswith("127.")


def _spellings(name: str) -> tuple[str, str]:
    return name.lower(), name.upper()


def _unusable_proxies_message(proxies: dict[str, str]) -> str:
    is_socks = all(value.lower().startswith("socks") for value in proxies.values())
    what = "is a SOCKS proxy, which is not supported" if is_socks else "is no address of an HTTP proxy"
    return (
        f"{', '.join(proxies)} {what}: set HTTPS_PROXY to an HTTP proxy, or type `unset {' '.join(proxies)}`, then run "
        "again."
    )
