"""The results of one `dbt build`: a row for each node, and the line of a failed build."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exactly_once.errors import PipelineError

FAILED_STATUSES = ("error", "fail")
SHOWN_FAILURES = 3  # failed nodes whose reason is part of the line
ANSI_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Lines of dbt's messages that repeat the kind of error, the node or the file, which our line names by itself.
REPEATED_LINES = re.compile(r"^(\w+ Error( in .*)?|compiled code at .*|> in .*|called by .*|LINE \d+:.*|\^+)$")


class BuildFailed(PipelineError):
    """Nodes of a dbt build failed.

    Args:
        line: which, why and the next command.
        nodes: a row for each node, as in `BuildResult`.
    """

    def __init__(self, line: str, nodes: Sequence[dict[str, Any]]) -> None:
        super().__init__(line)
        self.nodes = list(nodes)


@dataclass(frozen=True)
class BuildResult:
    """How a build ended.

    Args:
        nodes: a row for each node: kind, node (its name), status, seconds.
        failure: the line of a failed build; "": no node failed.
        is_clean: whether no node failed, warned or was skipped.
    """

    nodes: list[dict[str, Any]]
    failure: str
    is_clean: bool


def classify(results: Sequence[Any]) -> BuildResult:
    """Return how a build ended.

    Args:
        results: dbt's, one for each node.
    """
    nodes = [
        {
            "kind": str(result.node.resource_type),
            "node": result.node.name,
            "status": str(result.status),
            "seconds": round(result.execution_time, 2),
        }
        for result in results
        if result.node.resource_type != "exposure"  # nothing is built for one
    ]
    failed = [result for result in results if result.status in FAILED_STATUSES]
    outdated = [result.node.name for result in failed if "out of sync" in str(result.message)]
    failure = outdated_line(outdated) if outdated else failure_line(results) if failed else ""
    is_clean = not any(result.status in (*FAILED_STATUSES, "warn", "skipped") for result in results)
    return BuildResult(nodes, failure, is_clean)


def outdated_line(models: Sequence[str]) -> str:
    """Return the line of a build that found tables with the columns of an older version of their models."""
    names = " ".join(models)
    command = f"type dbt run --full-refresh --select {names} --project-dir dbt --profiles-dir dbt, then this again"
    return f"dbt: the columns of {names} are others than in the warehouse: {command}."


def failure_line(results: Sequence[Any]) -> str:
    """Return the line of a build in which nodes failed: each with its reason and file, and the next command."""
    failed = [result for result in results if result.status in FAILED_STATUSES]
    skipped = sum(result.status == "skipped" for result in results)
    counts = f"{len(failed)} of {len(results)} nodes failed" + (f", {skipped} skipped" if skipped else "")
    first = failed[:SHOWN_FAILURES]
    reasons = "; ".join(f"{one.node.name} ({_file(one.node)}): {short_reason(str(one.message))}" for one in first)
    more = f"; and {len(failed) - SHOWN_FAILURES} more" if len(failed) > SHOWN_FAILURES else ""
    names = " ".join(one.node.name for one in first)
    return f"dbt: {counts}: {reasons}{more}. Type dbt build --select {names} --project-dir dbt --profiles-dir dbt"


def short_reason(message: str) -> str:
    """Return the first two meaningful lines of a message of dbt or the database as one line, without colours."""
    lines = [" ".join(ANSI_COLOURS.sub("", line).split()) for line in message.splitlines()]
    lines = [line for line in lines if line] or ["no reason given"]
    meaningful = [line for line in lines if not REPEATED_LINES.match(line)]
    return " ".join((meaningful or lines)[:2]).rstrip(". ")[:400]


def _file(node: Any) -> str:
    return str(getattr(node, "compiled_path", None) or node.original_file_path)
