"""What this process takes from the shell, and what it leaves: names of other programs count for nothing.

It imports nothing of dlt: the dashboard and the flow ask here, too.
"""

import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from exactly_once.errors import PipelineError

# Of dbt's own variables, those that say where it writes and whom it tells.
DBT_OURS = (
    "DBT_TARGET_PATH",
    "DBT_LOG_PATH",
    "DBT_SEND_ANONYMOUS_USAGE_STATS",
    "DBT_ENGINE_TARGET_PATH",
    "DBT_ENGINE_LOG_PATH",
    "DBT_ENGINE_SEND_ANONYMOUS_USAGE_STATS",
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^/@:\s\[\]]+)"
USABLE = re.compile(rf"(?:https?://)?(?:[^/@]*@)?{HOST}(?::(\d{{1,5}}))?(?:/.*)?", re.IGNORECASE)
# dlt reads these as it is imported, and each changes what a load writes.
TOO_LATE = (
    "DLT_DEFAULT_NAMING_MODULE",
    "DLT_DEFAULT_NAMING_NAMESPACE",
    "DLT_DISABLE_PLUGINS",
    "DLT_DLT_ID_LENGTH_BYTES",
    "DLT_JSON_TYPED_PUA_START",
    "DLT_USE_JSON",
)
FILES_OF_AWS = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")

_ignored: dict[str, str] = {}  # what `ignore_foreign` took out of this process's environment


def setting(name: str, default: str | None = None) -> str | None:
    """Return a variable of the shell; an empty one counts as unset."""
    return os.environ.get(name) or default


def foreign(uses_local_services: bool) -> list[str]:
    """Return the names in the shell that other programs read and that no command of ours follows, sorted.

    Args:
        uses_local_services: whether it is `local` or `ci`, whose lake takes nothing from AWS's own settings.
    """
    found = [name for name in os.environ if re.match(r"PG[A-Z]", name)]
    found += [name for name in os.environ if re.match(r"DBT_", name) and name not in DBT_OURS]
    if uses_local_services:
        found += [name for name in os.environ if name.startswith("AWS_") and os.environ[name] != os.devnull]
    return sorted(found)


def ignore_foreign(uses_local_services: bool) -> list[str]:
    """Take foreign names out of this process's environment, and let loopback be reached without a proxy.

    libpq, dbt and botocore read the environment by themselves, on whatever thread, so the names are gone for good.
    To be called before a command works; calling it again changes nothing.

    Args:
        uses_local_services: as in `foreign`.

    Returns:
        The names that were there, sorted.

    Raises:
        PipelineError: the shell has what cannot be left out any more, or a proxy that nothing here can use.
    """
    for name in TOO_LATE:
        if setting(name):
            raise PipelineError(
                f"{name} is set, and changes what dlt writes to RAW: type `unset {name}`, then run again."
            )
    names = foreign(uses_local_services)
    _ignored.update((name, os.environ.pop(name)) for name in names)
    if uses_local_services:  # the files ~/.aws/config and ~/.aws/credentials
        os.environ.update(dict.fromkeys(FILES_OF_AWS, os.devnull))
    spare_loopback(uses_local_services)
    return names


def ignored() -> list[str]:
    """Return the names that `ignore_foreign` has taken out of this process's environment, sorted."""
    return sorted(_ignored)


def say_ignored(names: list[str]) -> None:
    """Name on standard error what was in the shell and is not followed, in one line."""
    if names:
        print(f"ignored: {', '.join(names)} (docs/configuration.md)", file=sys.stderr, flush=True)


@contextmanager
def aws_of_the_shell() -> Iterator[None]:
    """Give AWS's variables back for a `with`: a place on S3 that somebody typed is reached by AWS's chain."""
    found = {name: value for name, value in _ignored.items() if name.startswith("AWS_")}
    kept = {name: os.environ.pop(name) for name in FILES_OF_AWS if os.environ.get(name) == os.devnull}
    os.environ.update(found)
    try:
        yield
    finally:
        for name in found:
            os.environ.pop(name, None)
        os.environ.update(kept)


def spare_loopback(uses_local_services: bool) -> None:
    """Name loopback in NO_PROXY; a proxy that no client here can use is left out: by SOCKS, or without an address.

    Raises:
        PipelineError: such a proxy is set in an environment whose services are elsewhere.
    """
    for name, value in urllib.request.getproxies().items():  # macOS has a proxy in its own settings, too
        if f"{name}_proxy" in PROXIES and not any(os.environ.get(one) for one in _spellings(f"{name}_proxy")):
            os.environ[f"{name}_proxy"] = value
    unusable = unusable_proxies()
    if unusable and not uses_local_services:
        raise PipelineError(_unusable_line({name: os.environ[name] for name in unusable}))
    _ignored.update((name, os.environ.pop(name)) for name in unusable)
    if not any(os.environ.get(one) for name in PROXIES for one in _spellings(name)):
        return
    for name in _spellings("no_proxy"):
        hosts = [host.strip() for host in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")]
        hosts = [host for host in hosts if host]
        os.environ[name] = ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])


def unusable_proxies() -> list[str]:
    """Return the names in the shell that set a SOCKS proxy, or one without an address of HTTP, sorted."""
    names = [one for name in PROXIES for one in _spellings(name)]
    return sorted(name for name in names if os.environ.get(name) and not _is_usable(os.environ[name]))


def _is_usable(proxy: str) -> bool:
    found = USABLE.fullmatch(proxy.strip())
    return bool(found) and int(found[1] or 1) < 65536


def refuse_socks(url: str) -> None:
    """Refuse to ask a host outside of this machine directly where the shell wants an unusable proxy before it.

    Raises:
        PipelineError: it does.
    """
    host = urlsplit(url).hostname or ""
    unusable = {name: value for name, value in sorted(_ignored.items()) if name.lower() in PROXIES}
    has_another = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if unusable and not has_another and not is_loopback(host):
        raise PipelineError(_unusable_line(unusable))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    return host in LOOPBACK or host.startswith("127.")


def _spellings(name: str) -> tuple[str, str]:
    return name.lower(), name.upper()


def _unusable_line(proxies: dict[str, str]) -> str:
    is_socks = all(value.lower().startswith("socks") for value in proxies.values())
    what = "is a SOCKS proxy, which is not supported" if is_socks else "is no address of an HTTP proxy"
    return (
        f"{', '.join(proxies)} {what}: set HTTPS_PROXY to an HTTP proxy, or type `unset {' '.join(proxies)}`, then run "
        "again."
    )
