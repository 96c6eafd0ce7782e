"""Which settings count: those under their full names, `SOURCES__SAAS__BASE_URL` or `[sources.saas] base_url`.

dlt takes a setting from shorter names, too, down to a bare `BASE_URL`, which in a shell belongs to another program.
An empty value counts as unset. docs/configuration.md has the names.
"""

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigTomlProvider, EnvironProvider, SecretsTomlProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from exactly_once.errors import PipelineError, user_message
from pipelines.configuration.prefect_api import find_prefect_api
from pipelines.configuration.shell import ignore_foreign, setting
from pipelines.environment import environment
from pipelines.registry import SOURCES

SINGLE = (
    "runtime",
    "extract",
    "normalize",
    "load",
    "lease",
    "recovery",
    "warehouse",
)  # their keys need no further section
NAMED = ("sources", "destination")  # the name of one source or destination follows
# What stands at the place of a name where dlt leaves the name out.
NO_NAMES = ("credentials", "staging_config", "runtime", "schema", "data_writer", "extract", "incremental")
EXAMPLE = ".dlt/example.secrets.toml"
SERVICES_NAME = "the environment of MAILBLAZE_ENV"  # the provider that asks services.json

# Bare and partial names in the shell and in the files that dlt asked for and did not get.
ignored: set[str] = set()


def is_full(sections: tuple[str, ...]) -> bool:
    """Tell whether a key under these sections has its full name."""
    if not sections:
        return False
    if sections[0] in NAMED:
        return len(sections) > 1 and sections[1] not in NO_NAMES
    return sections[0] in SINGLE


class Shell(EnvironProvider):
    """dlt's provider of variables, for full names that are not empty."""

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        """Return the value and the variable's name."""
        if is_full(sections):
            value, name = super().get_value(key, hint, pipeline_name, *sections)
            # A file that somebody edited ends with a line feed, which no header and no address takes.
            value = value.strip() if isinstance(value, str) else value
            return (None if value == "" else value), name
        name = self.get_key_name(key, pipeline_name, *sections)
        if name in os.environ:
            ignored.add(name)
        return None, name

    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        """Return where a value comes from."""
        return "the shell"


class _FullNames:
    """What both of dlt's files have in common."""

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        """Return the value and its name."""
        value, name = super().get_value(key, hint, pipeline_name, *sections)
        if value is None or (is_full(sections) and not (isinstance(value, str) and not value.strip())):
            return value, name
        if not is_full(sections) and not isinstance(value, dict):
            ignored.add(f"{name} of .dlt/{self.name}")
        return None, name

    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        """Return where a value comes from."""
        return f".dlt/{self.name}"


class Config(_FullNames, ConfigTomlProvider):
    """`.dlt/config.toml` of this folder; the user's own `~/.dlt` is for other projects."""


class Secrets(_FullNames, SecretsTomlProvider):
    """`.dlt/secrets.toml` of this folder."""


# What services.json says of one service counts whole or not at all: a token is for the address that it stands beside.
# Of each, the settings that it gives, and those that say that somebody means another service.
SERVICES: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {
    **{("sources", source.name): (tuple(source.local), tuple(source.local)) for source in SOURCES.values()},
    ("destination", "lake"): (("credentials",), ("credentials", "bucket_url")),
}


def is_of_service(key: str, sections: tuple[str, ...]) -> bool:
    """Tell whether a setting, or what it is a part of, is one that services.json gives."""
    given, _ = SERVICES.get(sections[:2], ((), ()))
    return (sections[2] if len(sections) > 2 else key) in given


def is_elsewhere(sections: tuple[str, ...], providers: Iterable[Any]) -> bool:
    """Tell whether the shell or a file names another service than that of services.json, if only in part.

    Args:
        sections: of a setting of that service.
        providers: that are asked before services.json.
    """
    place = sections[:2]
    _, keys = SERVICES[place]
    pipelines = place[1:] if place[0] == "sources" else tuple(SOURCES)
    paths = (place, (*place, place[1])) if place[0] == "sources" else (place,)
    names = [(before, path, key) for before in (None, *pipelines) for path in paths for key in keys]
    heads = tuple(as_variable(".".join((*((before,) if before else ()), *path, key))) for before, path, key in names)
    parts = re.compile(f"(?:{'|'.join(heads)})(?:__.+)?")
    if any(value.strip() and parts.fullmatch(name.upper()) for name, value in os.environ.items()):
        return True
    files = [one for one in providers if not isinstance(one, EnvironProvider)]
    return any(_is_given(one.get_value(key, str, before, *path)[0]) for one in files for before, path, key in names)


def _is_given(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_given, value.values()))
    return value is not None and not (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class Found:
    """A setting as it counts: its name as it is typed, its value (None: unset), and where it comes from."""

    name: str
    value: Any
    origin: str


def find(name: str, pipeline: str | None = None) -> Found:
    """Return the setting of a dotted full name, e.g. `sources.saas.base_url`, as a load gets it.

    Args:
        name: in lower case.
        pipeline: under whose name, put before it, the setting may be, too.
    """
    *sections, key = name.split(".")
    repeated = (*sections[:2], *sections[1:]) if sections[0] == "sources" else ()  # sources.saas.saas.base_url
    for before in ([pipeline] if pipeline else []) + [None]:
        for provider in _providers():
            for path in filter(None, (repeated, tuple(sections))):
                value, _ = provider.get_value(key, str, before, *path)
                if value is not None:
                    origin = provider.get_value_location(key, before, *path) or provider.name
                    return Found(as_variable(".".join((*((before,) if before else ()), *path, key))), value, origin)
    return Found(as_variable(name), None, "")


def _providers() -> list[Any]:
    """Return dlt's providers, once dlt has read its own settings.

    Raises:
        PipelineError: one of those makes no sense.
    """
    wrong = _level(level) if (level := setting("RUNTIME__LOG_LEVEL")) else None
    if wrong:
        raise PipelineError(f"RUNTIME__LOG_LEVEL is {level!r}: {wrong} (it comes from the shell).")
    try:
        return Container()[PluggableRunContext].providers.providers
    except PipelineError:
        raise
    except Exception as error:
        reason = " ".join((user_message(error) or str(error)).split())[:200].rstrip(".")
        raise PipelineError(
            f"dlt cannot begin with its own settings ({reason}): correct or unset what begins with RUNTIME__ in the "
            "shell, or [runtime] in .dlt/."
        ) from error


def as_variable(name: str) -> str:
    """Return a dotted name as a variable of the shell."""
    return name.replace(".", "__").upper()


def is_set(name: str, pipeline: str | None = None) -> bool:
    """Tell whether a setting has a value, or one of the parts of its value has; a name without a dot is the shell's.

    Args:
        name: dotted, in lower case.
        pipeline: under whose name, put before it, the setting may be, too.
    """
    if "." not in name:
        return setting(name) is not None
    heads = tuple(
        f"{before}{as_variable(name)}__" for before in ("", *([f"{as_variable(pipeline)}__"] if pipeline else []))
    )
    return find(name, pipeline).value is not None or any(
        variable.startswith(heads) and value for variable, value in os.environ.items()
    )


# What each part needs in any case; one name of a line is enough.
KEYS = ("private_key_path", "private_key", "password")
SNOWFLAKE: tuple[tuple[str, ...], ...] = (
    ("destination.warehouse.credentials.host",),
    ("destination.warehouse.credentials.username",),
    tuple(f"destination.warehouse.credentials.{key}" for key in KEYS),
)
DBT = (("SNOWFLAKE_ACCOUNT",), ("SNOWFLAKE_PRIVATE_KEY_PATH", "SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PASSWORD"))
S3 = tuple(
    (f"destination.lake.credentials.{key}",) for key in ("endpoint_url", "aws_access_key_id", "aws_secret_access_key")
)


def missing(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> dict[str, list[str]]:
    """Return what is not set of what a command needs: for each part the names to type.

    Args:
        sources: that are read.
        dbt: whether dbt runs, too.
        prefect: whether a run is reported to Prefect.
    """
    here, sources = environment(), list(sources)
    parts = {name: SOURCES[name].required if name in SOURCES else () for name in sources}
    parts = {name: tuple((one,) for one in required) for name, required in parts.items()}
    pipelines: dict[str, str] = dict(zip(parts, parts, strict=True))
    if here.engine == "snowflake":
        parts["warehouse"] = () if is_set_whole("destination.warehouse.credentials") else SNOWFLAKE
        parts["dbt"] = DBT if dbt else ()
    elif on_s3 := [one for one in sources if str(find("destination.lake.bucket_url", one).value).startswith("s3://")]:
        pipelines["lake"] = on_s3[0]
        parts["lake"] = () if is_set_whole("destination.lake.credentials", on_s3[0]) else S3
    lacking = {"prefect": ["PREFECT_API_URL"]} if prefect and not prefect_api().value else {}
    for part, names in parts.items():
        lacking[part] = [
            as_variable(one[0]) for one in names if not any(is_set(each, pipelines.get(part)) for each in one)
        ]
    return {part: names for part, names in lacking.items() if names}


def is_set_whole(name: str, pipeline: str | None = None) -> bool:
    """Tell whether a setting that has parts is set as one text, e.g. an address with everything in it."""
    return isinstance(find(name, pipeline).value, str)


def require(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> None:
    """Refuse to begin where a setting is missing; the arguments are those of `missing`.

    Raises:
        PipelineError: with the names to type, part by part.
    """
    lacking = missing(sources, dbt, prefect)
    if lacking:
        names = "; ".join(f"{part}: {', '.join(names)}" for part, names in lacking.items())
        word, started = environment().name, [part for part in lacking if _is_started(part)]
        which = "" if len(started) == len(lacking) else f" for {' and '.join(started)}"
        up = f"type `make up`{which}, or " if started else ""
        raise PipelineError(f"Not set on {word}: {names}. To go on, {up}set them in the shell, or see {EXAMPLE}.")


def _is_started(part: str) -> bool:
    """Tell whether `make up` brings what a part lacks: one that is set in part is somebody's own."""
    if not environment().uses_local_services:
        return False
    return part == "prefect" or (("sources", part) in SERVICES and not own_service(("sources", part)))


def own_service(sections: tuple[str, ...]) -> bool:
    """Tell whether somebody set another service than that of services.json, if only in part."""
    return is_elsewhere(sections, [one for one in _providers() if one.name != SERVICES_NAME])


def prepare(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> None:
    """Make this process ready to work: foreign names are left out, and what is set is complete and can be meant.

    The arguments are those of `missing`.

    Raises:
        PipelineError: a setting is missing or makes no sense.
    """
    ignore_foreign(environment().uses_local_services)
    sources = list(sources)
    require(sources, dbt, prefect)
    check(sources)


def prefect_api() -> Found:
    """Return the address of the Prefect API that a flow reports to, as `find_prefect_api` finds it."""
    api = find_prefect_api()
    return Found("PREFECT_API_URL", api.url, api.origin)


def _number(least: float, most: float = 1e9, whole: bool = True) -> Callable[[Any], str | None]:
    kind = "a whole number" if whole else "a number"

    def check(value: Any) -> str | None:
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        is_good = least <= number <= most and not isinstance(value, bool) and (not whole or number == int(number))
        return None if is_good else f"give {kind} from {least:g} to {most:g}"

    return check


def _level(value: Any) -> str | None:
    levels = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
    return None if str(value) in levels else f"give one of {', '.join(levels)}"


def _names(value: Any) -> str | None:
    # What Postgres takes: names with commas between, in double quotes where they need them.
    return None if not {"'", ";", "\0", "\n"} & set(str(value)) else "give schemas with commas between, without quotes"


def _one_name(value: Any) -> str | None:
    return None if not {"'", '"', ";", "\0", "\n"} & set(str(value)) else "give one name, without quotes"


def _http(value: Any) -> str | None:
    try:
        parts = urlsplit(str(value).strip())
        is_good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # its port or its brackets
        is_good = False
    return None if is_good else "give an address that begins with https:// or http://"


def _lake(value: Any) -> str | None:
    scheme, separator, rest = str(value).strip().partition("://")
    if not separator or (scheme in ("file", "s3") and rest.strip("/")):
        return None
    return "give a folder, or an address that begins with s3:// and names a bucket"


def _no_naming(value: Any) -> str | None:
    return "names in RAW are dlt's snake_case in every environment: unset it"


def _no_shared_lake(value: Any) -> str | None:
    name = "DESTINATION__LAKE__BUCKET_URL"
    return f"each pipeline has its own: set {' and '.join(f'{source.upper()}__{name}' for source in SOURCES)}"


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "runtime.log_level": _level,
    "lease.ttl": _number(0.001, 86_400, whole=False),
    "load.workers": _number(1, 1000),
    "normalize.workers": _number(1, 1000),
    "extract.workers": _number(1, 1000),
    "extract.max_parallel_items": _number(1),
    "sources.postgres.guard": _number(0, 600, whole=False),
    "sources.postgres.chunk_size": _number(1),
    "sources.postgres.connections": _number(1, 1000),
    "sources.postgres.reread_limit": _number(0, 1e15),
    "sources.postgres.search_path": _names,
    "sources.postgres.schema": _one_name,
    **{name: _http for source in SOURCES.values() for name in source.required if name.endswith(".base_url")},
    "sources.saas.windows": _number(1, 64),
    "schema.naming": _no_naming,
    "destination.lake.bucket_url": _no_shared_lake,
}


def check(pipelines: Iterable[str] = ()) -> None:
    """Refuse a setting whose value cannot be meant, before anything is read or loaded.

    Args:
        pipelines: that are run; none: every one.

    Raises:
        PipelineError: it names the setting as it is typed.
    """
    for pipeline in list(pipelines) or SOURCES:
        _check("destination.lake.bucket_url", _lake, pipeline)
        _check("destination.lake.credentials.endpoint_url", _http, pipeline)
    for name, judge in CHECKS.items():
        _check(name, judge, name.split(".")[1] if name.startswith("sources.") else None)


def _check(name: str, judge: Callable[[Any], str | None], pipeline: str | None) -> None:
    found = find(name, pipeline)
    if found.value is None and not is_full(tuple(name.split(".")[:-1])):  # not followed, and yet nobody's but dlt's
        found = Found(as_variable(name), setting(as_variable(name)), "the shell")
    wrong = judge(found.value) if found.value is not None else None
    if wrong:
        shown = re.sub(r"//.*@", "//***@", str(found.value))
        raise PipelineError(f"{found.name} is {shown!r}: {wrong} (it comes from {found.origin}).")
