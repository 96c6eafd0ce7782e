"""The settings that a command requires; docs/configuration.md lists them."""

from collections.abc import Iterable

from exactly_once.errors import PipelineError
from pipelines.configuration.local_services import LOCAL_SERVICES, is_own_service
from pipelines.configuration.lookup import as_variable, find_setting, is_one_text, is_set, prefect_api_setting
from pipelines.configuration.shell import ignore_foreign
from pipelines.configuration.value_checks import check_values
from pipelines.environment import environment
from pipelines.registry import SOURCES

EXAMPLE = ".dlt/example.secrets.toml"

# What each part requires: of each line one name has to be set.
Required = tuple[tuple[str, ...], ...]
WAREHOUSE = "destination.warehouse.credentials"
SNOWFLAKE: Required = (
    (f"{WAREHOUSE}.host",),
    (f"{WAREHOUSE}.username",),
    tuple(f"{WAREHOUSE}.{key}" for key in ("private_key_path", "private_key", "password")),
)
DBT: Required = (
    ("SNOWFLAKE_ACCOUNT",),
    ("SNOWFLAKE_PRIVATE_KEY_PATH", "SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PASSWORD"),
)
LAKE = "destination.lake.credentials"
S3: Required = tuple((f"{LAKE}.{key}",) for key in ("endpoint_url", "aws_access_key_id", "aws_secret_access_key"))


def prepare(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> None:
    """Prepare this process to work: ignore other programs' variables, and check that settings are complete and valid.

    The arguments are those of `missing`.

    Raises:
        PipelineError: a setting is missing or invalid.
    """
    ignore_foreign(environment().uses_local_services)
    sources = list(sources)
    require(sources, dbt, prefect)
    check_values(sources)


def missing(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> dict[str, list[str]]:
    """Return the settings that a command requires and that are unset: for each part the names to type.

    Args:
        sources: that are read.
        dbt: whether dbt runs, too.
        prefect: whether a run is reported to Prefect.
    """
    here, sources = environment(), list(sources)
    parts: dict[str, Required] = {
        name: tuple((setting,) for setting in SOURCES[name].required) if name in SOURCES else () for name in sources
    }
    pipelines = {name: name for name in parts}
    if here.engine == "snowflake":
        parts["warehouse"] = () if is_one_text(WAREHOUSE) else SNOWFLAKE
        parts["dbt"] = DBT if dbt else ()
    elif on_s3 := [name for name in sources if _lake_url(name).startswith("s3://")]:
        pipelines["lake"] = on_s3[0]
        parts["lake"] = () if is_one_text(LAKE, on_s3[0]) else S3
    lacking = {"prefect": ["PREFECT_API_URL"]} if prefect and not prefect_api_setting().value else {}
    for part, lines in parts.items():
        lacking[part] = [
            as_variable(names[0]) for names in lines if not any(is_set(name, pipelines.get(part)) for name in names)
        ]
    return {part: names for part, names in lacking.items() if names}


def require(sources: Iterable[str] = (), dbt: bool = False, prefect: bool = False) -> None:
    """Check that no required setting is missing; the arguments are those of `missing`.

    Raises:
        PipelineError: one is; the message has the names to type, part by part.
    """
    lacking = missing(sources, dbt, prefect)
    if lacking:
        names = "; ".join(f"{part}: {', '.join(names)}" for part, names in lacking.items())
        started = [part for part in lacking if _is_started_by_make_up(part)]
        which = "" if len(started) == len(lacking) else f" for {' and '.join(started)}"
        up = f"type `make up`{which}, or " if started else ""
        raise PipelineError(
            f"Not set on {environment().name}: {names}. To go on, {up}set them in the shell, or see {EXAMPLE}."
        )


def _lake_url(pipeline: str) -> str:
    return str(find_setting("destination.lake.bucket_url", pipeline).value)


def _is_started_by_make_up(part: str) -> bool:
    """Return whether `make up` provides what a part lacks; a part that is set incompletely is somebody's own."""
    if not environment().uses_local_services:
        return False
    service = LOCAL_SERVICES.get(("sources", part))
    return part == "prefect" or (service is not None and bool(service.given) and not is_own_service(("sources", part)))
