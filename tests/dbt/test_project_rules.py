"""The rules of dbt-project-evaluator, held against the manifest: lineage, tests, documentation, structure, governance.

A rule is a function that yields what breaks it. An exception is named beside the rule, with its reason. An exception
that nothing needs fails the test, too.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import pytest

from tests.dbt.project_manifest import ROOT, children, key_tests, layer, nodes, parents

pytestmark = pytest.mark.integration

PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "rpt_")}
SCHEMAS = {"staging": "STAGING", "intermediate": "INTERMEDIATE", "marts": "MART"}
JOINS, LEAVES, VIEWS = 7, 3, 5  # the evaluator's thresholds

Check = Callable[[dict], Iterator[str]]
RULES: list[tuple[Check, dict[str, str]]] = []


def rule(exceptions: dict[str, str] | None = None) -> Callable[[Check], Check]:
    """Register a rule with its exceptions: what is allowed to break it, and why."""

    def register(check: Check) -> Check:
        RULES.append((check, exceptions or {}))
        return check

    return register


def short(unique_id: str) -> str:
    """Return the name of a node without its kind and package; a source keeps its own."""
    return unique_id.split(".", 2)[2]


def joined(manifest: dict, model: dict) -> list[str]:
    """Return the unique ids of what a model reads beside the lists of batches, which say which rows it takes."""
    lists = {name for name, node in nodes(manifest, "model").items() if node["fqn"][2] == "batches"}
    return [parent for parent in parents(model) if parent not in lists]


# Lineage


@rule()
def staging_reads_one_source_table_and_nothing_else(manifest):
    for model in nodes(manifest, "model").values():
        kinds = Counter(parent.partition(".")[0] for parent in parents(model))
        if layer(model) == "staging" and kinds != {"source": 1}:
            yield model["name"]


@rule()
def only_staging_reads_a_source(manifest):
    for model in nodes(manifest, "model").values():
        if layer(model) != "staging" and any(parent in manifest["sources"] for parent in parents(model)):
            yield model["name"]


@rule(
    {
        "dim_accounts -> int_unmatched_keys": "it lists what has no row in the dimension",
        "dim_campaigns -> int_campaign_domains": "it notices a change of the dimension",
        "dim_campaigns -> int_unmatched_keys": "it lists what has no row in the dimension",
        "dim_contacts -> int_unmatched_keys": "it lists what has no row in the dimension",
        "dim_dates -> int_campaign_hours": "the calendar is a dimension, and hours are counted by its days",
        "dim_dates -> int_mrr_months": "the calendar is a dimension, and months are counted by it",
        "fct_email_events -> int_event_counts": "a count of the fact that only a report reads",
        "fct_messages -> int_message_counts": "a count of the fact that only reports read",
    }
)
def intermediate_reads_no_mart(manifest):
    models = nodes(manifest, "model")
    for model in models.values():
        for parent in parents(model):
            if layer(model) == "intermediate" and parent in models and layer(models[parent]) == "marts":
                yield f"{short(parent)} -> {model['name']}"


@rule(
    {
        "dim_dates": "a calendar is generated and has no source",
        "int_built_batches": "the models write it themselves after they are built",
    }
)
def every_model_has_a_parent(manifest):
    yield from (model["name"] for model in nodes(manifest, "model").values() if not parents(model))


@rule({"dlt.loads": "stg_dlt__tables lists its tables from `graph`, and this edge orders it after the loads"})
def every_source_table_has_one_reader(manifest):
    readers = children(manifest)
    yield from (short(name) for name in manifest["sources"] if len(readers.get(name, [])) != 1)


@rule()
def no_table_is_two_sources(manifest):
    places = Counter(source["relation_name"] for source in manifest["sources"].values())
    yield from (place for place, count in places.items() if count > 1)


@rule()
def no_model_names_a_table_directly(manifest):
    """Every table comes by ref() or source(), or is one of the model's own CTEs."""
    named = re.compile(r"\b(?:from|join)\s+(\"?\w+\"?\.\"?\w+\S*)", re.IGNORECASE)
    no_tables = re.compile(r"--[^\n]*|\{#.*?#\}|\bextract\([^)]*\)", re.DOTALL)
    for model in nodes(manifest, "model").values():
        yield from (f"{model['name']}: {place}" for place in named.findall(no_tables.sub("", model["raw_code"])))


@rule(
    {
        "dim_accounts": "a dimension serves every report",
        "dim_campaigns": "a dimension serves every report",
        "stg_postgres__lists": "no dimension of lists: each report joins the few columns that it shows",
    }
)
def no_model_has_many_leaves(manifest):
    """Three reports on one model suggest that they should share one wider table."""
    readers, models = children(manifest), nodes(manifest, "model")
    for name in models:
        leaves = [reader for reader in readers.get(name, []) if reader in models and reader not in readers]
        if len(leaves) >= LEAVES:
            yield short(name)


@rule(
    {
        "int_mrr_months -> int_exchange_rates -> int_subscription_mrr": "rates and versions are both by month",
        "int_mrr_months -> int_subscription_mrr -> int_account_mrr": "an account churns in a month without one",
        "int_account_mrr -> fct_mrr_movements -> rpt_mrr": "closing MRR is a check on the movements",
        "dim_accounts -> rpt_daily_engagement -> rpt_account_performance": "an account without messages has a row",
        "stg_metering__statements -> int_statement_hours -> rpt_pipeline_cost": "rows and bytes have no hour",
        "stg_metering__warehouse_hours -> int_statement_hours -> rpt_pipeline_cost": "idle hours have no statement",
        "stg_saas__email_events -> fct_email_events -> int_event_counts": "new events have their days in STAGING",
        "stg_saas__email_events -> int_unmatched_keys -> int_touched_messages": "a list of keys passes no event on",
    }
)
def no_model_rejoins_what_its_parent_read(manifest):
    """A reads B and C, and B, which only A reads, reads C: B could pass on what A takes from C.

    The lists of batches do not count: they say which rows a model takes, and each model takes its own.
    """
    readers, models = children(manifest), nodes(manifest, "model")
    for name, model in models.items():
        for between in set(parents(model)) & set(models):
            if readers[between] == [name]:
                for origin in set(parents(models[between])) & set(joined(manifest, model)):
                    yield f"{short(origin)} -> {short(between)} -> {short(name)}"


@rule()
def no_model_joins_many_others(manifest):
    yield from (model["name"] for model in nodes(manifest, "model").values() if len(joined(manifest, model)) >= JOINS)


@rule()
def no_view_stands_on_a_long_chain_of_views(manifest):
    models = nodes(manifest, "model")

    def views(name: str) -> int:
        if name not in models or models[name]["config"]["materialized"] != "view":
            return 0
        return 1 + max((views(parent) for parent in parents(models[name])), default=0)

    yield from (short(name) for name in models if views(name) >= VIEWS)


# Tests


@rule()
def every_model_has_a_key_test(manifest):
    yield from (short(name) for name in set(nodes(manifest, "model")) - key_tests(manifest))


@rule(
    dict.fromkeys(
        ("metering.copy_history", "metering.query_history", "metering.warehouse_metering_history"),
        "Snowflake fills these views on its own schedule, and DuckDB has none to check",
    )
)
def every_source_has_a_freshness(manifest):
    for name, source in manifest["sources"].items():
        if not (source["freshness"] or {}).get("error_after", {}).get("count"):
            yield short(name)


# Documentation


@rule()
def everything_is_described(manifest):
    for kind in ("model", "snapshot", "seed", "source"):
        for name, node in nodes(manifest, kind).items():
            if not node["description"].strip():
                yield short(name)
            for column in node["columns"].values():
                if not column["description"].strip():
                    yield f"{short(name)}.{column['name']}"


@rule()
def every_model_lists_its_columns(manifest):
    yield from (model["name"] for model in nodes(manifest, "model").values() if not model["columns"])


# Structure


@rule()
def a_name_has_the_prefix_of_its_layer(manifest):
    for model in nodes(manifest, "model").values():
        if not model["name"].startswith(PREFIXES[layer(model)]) or model["schema"] != SCHEMAS[layer(model)]:
            yield model["name"]


@rule()
def staging_is_named_after_its_source_and_lies_in_its_folder(manifest):
    for model in nodes(manifest, "model").values():
        if layer(model) == "staging":
            source = model["fqn"][2]
            read = {name.split(".")[2] for name in parents(model)}
            if not model["name"].startswith(f"stg_{source}__") or read - {source}:
                yield model["name"]


@rule()
def a_source_is_declared_in_its_folder(manifest):
    for name, source in manifest["sources"].items():
        folder = f"models/staging/{source['source_name']}"
        if Path(source["original_file_path"]).parent.as_posix() != folder:
            yield short(name)


@rule()
def a_model_is_described_beside_its_file(manifest):
    """Staging has one file for each source; intermediate models and marts have one for each model."""
    for model in nodes(manifest, "model").values():
        path, described = Path(model["original_file_path"]), Path(model["patch_path"].partition("://")[2])
        name = f"_{model['fqn'][2]}__models.yml" if layer(model) == "staging" else f"{path.stem}.yml"
        if described != path.parent / name:
            yield model["name"]


@rule()
def a_unit_test_lies_beside_its_model(manifest):
    for test in manifest["unit_tests"].values():
        model = manifest["nodes"][test["depends_on"]["nodes"][0]]
        if test["original_file_path"] != model["patch_path"].partition("://")[2]:
            yield test["name"]


@rule()
def dimensions_and_reports_are_apart(manifest):
    """Dimensions lie in marts/core, reports in the folder of a domain."""
    for model in nodes(manifest, "model").values():
        is_core = model["fqn"][1:3] == ["marts", "core"]
        if {"dim": not is_core, "rpt": is_core}.get(model["name"][:3]):
            yield model["name"]


# Governance


@rule()
def a_public_model_has_a_contract_and_only_marts_are_public(manifest):
    for model in nodes(manifest, "model").values():
        is_mart = layer(model) == "marts"
        if (model["access"] == "public") != is_mart or model["contract"]["enforced"] != is_mart:
            yield model["name"]


@rule()
def an_exposure_reads_public_tables(manifest):
    models = nodes(manifest, "model")
    for exposure in manifest["exposures"].values():
        for name in exposure["depends_on"]["nodes"]:
            if models[name]["access"] != "public" or models[name]["config"]["materialized"] == "view":
                yield f"{exposure['name']}: {short(name)}"


@pytest.mark.parametrize(("check", "exceptions"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_project_keeps_the_rule(manifest, check, exceptions):
    assert sorted(check(manifest)) == sorted(exceptions)


STAGED, BETWEEN, REPORT = "stg_postgres__plans", "int_messages", "rpt_mrr"
SOURCE, OTHER = "source.mailblaze.postgres.plans", "source.mailblaze.postgres.lists"


def model_of(manifest: dict, name: str) -> dict:
    return manifest["nodes"][f"model.mailblaze.{name}"]


def reads(name: str, *more: str) -> Callable[[dict], None]:
    """Return a change by which a model reads more nodes."""
    return lambda manifest: model_of(manifest, name)["depends_on"]["nodes"].extend(more)


def says(model: str, /, **values: object) -> Callable[[dict], None]:
    """Return a change of a model's own entries."""
    return lambda manifest: model_of(manifest, model).update(values)


def read_by(name: str, *readers: str) -> Callable[[dict], None]:
    """Return a change by which more models read a model."""
    return lambda manifest: [reads(reader, f"model.mailblaze.{name}")(manifest) for reader in readers]


def drop_key_test(manifest: dict) -> None:
    for test in manifest["nodes"].values():
        if test.get("attached_node") == f"model.mailblaze.{REPORT}":
            test["attached_node"] = None


def chain_views(manifest: dict) -> None:
    names = ["stg_postgres__lists", "stg_postgres__users", STAGED, "stg_dlt__loads", "int_contact_states"]
    for lower, upper in pairwise(names):
        reads(upper, f"model.mailblaze.{lower}")(manifest)


def first(manifest: dict, kind: str) -> dict:
    return next(iter(manifest[kind].values()))


PLANTED: dict[Check, Callable[[dict], object]] = {
    staging_reads_one_source_table_and_nothing_else: reads(STAGED, OTHER),
    only_staging_reads_a_source: reads(REPORT, SOURCE),
    intermediate_reads_no_mart: reads(BETWEEN, "model.mailblaze.rpt_mrr"),
    every_model_has_a_parent: says(STAGED, depends_on={"nodes": []}),
    every_source_table_has_one_reader: reads("stg_postgres__lists", SOURCE),
    no_table_is_two_sources: lambda found: found["sources"][SOURCE].update(
        relation_name=found["sources"][OTHER]["relation_name"]
    ),
    no_model_names_a_table_directly: says(REPORT, raw_code="select * from MART.rpt_mrr"),
    no_model_has_many_leaves: read_by(STAGED, "rpt_mrr", "rpt_list_health", "rpt_restatements"),
    no_model_rejoins_what_its_parent_read: reads("int_statement_hours", "model.mailblaze.stg_metering__copied_files"),
    no_model_joins_many_others: reads(
        REPORT, *(f"model.mailblaze.{name}" for name in ("dim_dates", "dim_contacts", "dim_accounts", "fct_invoices"))
    ),
    no_view_stands_on_a_long_chain_of_views: chain_views,
    every_model_has_a_key_test: drop_key_test,
    every_source_has_a_freshness: lambda found: found["sources"][SOURCE].update(freshness=None),
    everything_is_described: says(REPORT, description=" "),
    every_model_lists_its_columns: says(REPORT, columns={}),
    a_name_has_the_prefix_of_its_layer: says(REPORT, name="mrr"),
    staging_is_named_after_its_source_and_lies_in_its_folder: says(STAGED, name="stg_plans"),
    a_source_is_declared_in_its_folder: lambda found: found["sources"][SOURCE].update(original_file_path="a.yml"),
    a_model_is_described_beside_its_file: says(REPORT, patch_path="mailblaze://models/marts/_marts.yml"),
    a_unit_test_lies_beside_its_model: lambda found: first(found, "unit_tests").update(original_file_path="a.yml"),
    dimensions_and_reports_are_apart: says(REPORT, fqn=["mailblaze", "marts", "core", REPORT]),
    a_public_model_has_a_contract_and_only_marts_are_public: says(STAGED, access="public"),
    an_exposure_reads_public_tables: lambda found: first(found, "exposures")["depends_on"]["nodes"].append(
        f"model.mailblaze.{STAGED}"
    ),
}


@pytest.mark.parametrize(("check", "exceptions"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_finds_what_is_planted(manifest, check, exceptions):
    changed = manifest | {kind: deepcopy(manifest[kind]) for kind in ("nodes", "sources", "exposures", "unit_tests")}
    PLANTED[check](changed)
    assert set(check(changed)) - set(exceptions)


def test_no_line_is_longer_than_a_screen():
    files = [path for folder in ("models", "tests", "snapshots") for path in (ROOT / "dbt" / folder).rglob("*.sql")]
    assert len(files) > 30
    assert [str(path) for path in files if max(map(len, path.read_text().splitlines())) > 141] == []
