"""Finds variables and secrets that a workflow reads where they are missing, one line each.

The rules are GitHub's. An environment's variables are known once its job runs, so not in `if`, `runs-on` and the like.
A called workflow gets a secret only from its caller; its job's environment adds none (actions/runner issue 4453). A job
that is skipped skips those that need it, and the run stays green. A value that was never set is an empty string.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "terraform/README.md"
REFUSE_EMPTY = ".github/refuse_empty.sh"
READ = re.compile(r"\b(vars|secrets)(?:\.|\[')([A-Za-z_]\w*)")
KINDS = {"vars": "variable", "secrets": "secret"}
AT_RUN_TIME = {"steps", "env", "outputs"}  # keys of a job that are evaluated after its environment is known
Workflows = Mapping[str, dict]


@dataclass(frozen=True)
class Held:
    """A row of the table: a variable or secret, and the environments (or `repository`) that hold it."""

    holders: frozenset[str]
    kind: str
    name: str
    is_optional: bool


def workflows(root: Path = ROOT) -> dict[str, dict]:
    """Return every workflow by its file's name."""
    return {path.name: yaml.safe_load(path.read_text()) for path in sorted((root / ".github/workflows").glob("*.yml"))}


def table(text: str) -> list[Held]:
    """Return what the page says that GitHub holds."""
    rows = re.findall(r"^\| (.+?) \| (variable|secret)(, optional)? \| `(\w+)` \| .+ \|$", text, re.M)
    return [Held(frozenset(re.findall(r"[\w-]+", held)), kind, name, bool(rest)) for held, kind, rest, name in rows]


def reads(node: object) -> set[tuple[str, str]]:
    """Return (vars or secrets, name) of each that a part of a workflow reads."""
    if isinstance(node, dict):
        return {found for value in node.values() for found in reads(value)}
    if isinstance(node, list):
        return {found for value in node for found in reads(value)}
    return {found for found in READ.findall(node) if found[1] != "GITHUB_TOKEN"} if isinstance(node, str) else set()


def environments(job: dict) -> list[str]:
    """Return the names of a job's GitHub environments, one for each value of its matrix."""
    named = job.get("environment")
    name = named.get("name") if isinstance(named, dict) else named
    if name is None:
        return []
    inserted = re.search(r"\$\{\{ matrix\.(\w+) \}\}", name)
    if not inserted:
        return [name]
    return [name.replace(inserted[0], value) for value in job["strategy"]["matrix"][inserted[1]]]


def jobs(every: Workflows) -> Iterator[tuple[str, str, dict]]:
    """Yield the workflow, the name and the body of each job."""
    for file, workflow in every.items():
        for name, job in workflow["jobs"].items():
            yield file, name, job


def triggers(workflow: dict) -> dict:
    """Return a workflow's `on`, which YAML 1.1 takes for a truth value."""
    found = workflow.get("on", workflow.get(True))
    return found if isinstance(found, dict) else dict.fromkeys([found] if isinstance(found, str) else found)


def read_too_early(every: Workflows, held: list[Held]) -> list[str]:
    """Return each variable that is read before its environment is known and that the repository does not hold."""
    of_repository = {one.name for one in held if "repository" in one.holders}
    found = []
    for file, workflow in every.items():
        early = {"": {key: value for key, value in workflow.items() if key != "jobs"}}
        early |= {
            f" {name}": {key: value for key, value in job.items() if key not in AT_RUN_TIME}
            for name, job in workflow["jobs"].items()
            if "uses" not in job
        }
        found += [
            f"{file}{place}: {key} reads {kind}.{name}, which the repository does not hold"
            for place, parts in early.items()
            for key, value in parts.items()
            for kind, name in sorted(reads(value))
            if name not in of_repository
        ]
    return found


def not_passed(every: Workflows, held: list[Held]) -> list[str]:
    """Return each secret of a called workflow that its caller does not or cannot pass by name, or need not pass."""
    of_repository = {one.name for one in held if "repository" in one.holders}
    of_environments = {one.name for one in held} - of_repository
    found = []
    for file, name, job in jobs(every):
        called = str(job.get("uses", "")).partition("/.github/workflows/")[2].partition("@")[0]
        if not called:
            continue
        passed = job.get("secrets", {})
        if passed == "inherit":
            found.append(f"{file} {name}: {called} inherits every secret")
            passed = {}
        declared = (triggers(every[called]).get("workflow_call") or {}).get("secrets") or {}
        for _, secret in sorted(read for read in reads(every[called]["jobs"]) if read[0] == "secrets"):
            if not (declared.get(secret) or {}).get("required"):
                found.append(f"{file} {name}: {called} does not declare {secret} as required")
            if secret in of_environments:
                found.append(f"{file} {name}: {called} reads {secret} of an environment, which no caller can pass")
            elif secret not in passed:
                found.append(f"{file} {name}: {called} reads {secret}, which is not passed and so is empty")
    return found


def skipped_unseen(every: Workflows) -> list[str]:
    """Return each job that a skipped job skips without saying in its `if` what then happens."""
    found = []
    for file, workflow in every.items():
        for name, job in workflow["jobs"].items():
            needed = job.get("needs", [])
            for other in [needed] if isinstance(needed, str) else needed:
                said = str(job.get("if", ""))
                if may_be_skipped(every, workflow, other) and f"needs.{other}." not in said and "always()" not in said:
                    found.append(f"{file} {name}: {other} may be skipped, and {name} with it, unseen")
    return found


def may_be_skipped(every: Workflows, workflow: dict, name: str) -> bool:
    """Tell whether a job has a condition, needs one that has, or calls a workflow that has."""
    job = workflow["jobs"][name]
    if "if" in job:
        return True
    called = str(job.get("uses", "")).partition("/.github/workflows/")[2].partition("@")[0]
    if called and any(may_be_skipped(every, every[called], inner) for inner in every[called]["jobs"]):
        return True
    needed = job.get("needs", [])
    return any(may_be_skipped(every, workflow, other) for other in ([needed] if isinstance(needed, str) else needed))


def not_refused(every: Workflows, held: list[Held]) -> list[str]:
    """Return each value that a job reads without a first step that ends it where the value is empty."""
    may_be_empty = {one.name for one in held if one.is_optional or "repository" in one.holders}
    found = []
    for file, name, job in jobs(every):
        steps = job.get("steps", [])
        first = next((step for step in steps if not str(step.get("uses", "")).startswith("actions/checkout@")), {})
        words = first.get("run", "").split()
        refused = set(words[2:]) if words[:1] == [REFUSE_EMPTY] else set()
        given = {f"{kind}.{key}" for key, value in first.get("env", {}).items() for kind, _ in reads(value)}
        found += [
            f"{file} {name}: {kind}.{read} may be empty, and no first step refuses that"
            for kind, read in sorted(reads(steps) | reads(job.get("env", {})))
            if read not in may_be_empty and f"{kind}.{read}" not in refused & given
        ]
    return found


def not_in_the_table(every: Workflows, held: list[Held]) -> list[str]:
    """Return what a job reads and no holder of it has, and what a holder has and no job of it reads."""
    read: dict[tuple[str, str, str], str] = {}
    for file, name, job in jobs(every):
        for kind, value in reads(job):
            for holder in environments(job) or ["repository"]:
                read.setdefault((holder, KINDS[kind], value), f"{file} {name}")
    listed = {(holder, one.kind, one.name) for one in held for holder in one.holders}
    of_repository = {(kind, name) for holder, kind, name in listed if holder == "repository"}
    found = [
        f"{place} reads the {kind} {name}, and the table has none of {holder}"
        for (holder, kind, name), place in read.items()
        if (holder, kind, name) not in listed and (kind, name) not in of_repository
    ]
    used = set(read) | {("repository", kind, name) for _, kind, name in read}
    return sorted(
        found
        + [f"the table has the {kind} {name} of {holder}, and no job reads it" for holder, kind, name in listed - used]
    )
