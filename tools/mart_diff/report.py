"""The report as Markdown for a pull request."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.mart_diff.changes import Changes
from tools.mart_diff.figures import Difference

BUILT = ("model", "seed", "snapshot", "test", "unit_test")  # the kinds that dbt builds or tests
WELL = ("success", "pass")
NAMES = 25  # in one row: a macro that every model calls is reported by its count
LINES, WIDTH = 20, 200  # of a failure's message
UNSAID = ("> in macro", "> called by")  # the call stack of dbt's macros


@dataclass(frozen=True)
class Ended:
    """The result of a node: success, pass, warn, error, fail or skipped, with dbt's message."""

    kind: str
    name: str
    status: str
    message: str


@dataclass(frozen=True)
class Build:
    """The results of a build and its duration in seconds."""

    nodes: Sequence[Ended] = ()
    seconds: float = 0

    @property
    def broken(self) -> list[Ended]:
        return [one for one in self.nodes if one.status not in (*WELL, "warn", "skipped")]


def modified(changes: Changes) -> Iterator[str]:
    """Yield which nodes are modified, and why."""
    named = defaultdict(list)
    for kind, name, why in (*changes.modified, *((kind, name, "gone") for kind, name in changes.gone)):
        named[kind, why].append(f"`{name}`")
    yield from ("| modified | why | |", "|---|---|---|")
    for (kind, why), names in sorted(named.items(), key=lambda item: _place(item[0][0])):
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        yield f"| {counted({kind: len(names)})} | {_cell(why)} | {', '.join(names[:NAMES])}{more} |"


def built(slim: Build, whole: Counter, base: Build) -> Iterator[str]:
    """Yield how much of the project was built and what failed; `whole` counts the project's nodes by kind."""
    ends = Counter(one.status for one in slim.nodes if one.status not in WELL)
    how = ", ".join(f"{count} {status}" for status, count in sorted(ends.items())) or "all passed"
    yield (
        f"Built and tested: {counted(Counter(one.kind for one in slim.nodes))}, that is {len(slim.nodes)} of "
        f"{sum(whole[kind] for kind in BUILT)} nodes, in {slim.seconds:.1f} s: {how}. The base's "
        f"{counted(Counter(one.kind for one in base.nodes))} took {base.seconds:.1f} s, without its tests."
    )
    for one in [*slim.broken, *(one for one in slim.nodes if one.status == "warn")]:
        said = [line.rstrip()[:WIDTH] for line in one.message.splitlines()]
        lines = [line for line in said if line and not line.strip().startswith(UNSAID)]
        shown = lines[:LINES] + ["…"] * (len(lines) > LINES)
        yield from ("", f"{'⚠' if one.status == 'warn' else '✗'} {one.kind.replace('_', ' ')} `{one.name}`", "")
        yield from ("~~~", *(line.replace("~~~", "~ ~ ~") for line in shown), "~~~")


def figures(differences: Sequence[Difference], unbuilt: Sequence[str]) -> Iterator[str]:
    """Yield the differences of MART's tables."""
    if any(differences):
        yield from ("| MART | rows | only before | only after | what differs |", "|---|--:|--:|--:|---|")
        yield from (_row(one) for one in differences if one)
    else:
        yield "No row of MART differs." if differences else "No table of MART was built."
    same = ", ".join(f"`{one.table}`" for one in differences if not one)
    if same:
        yield from ("", f"Rebuilt, and the same in every row and column: {same}.")
    if unbuilt:
        yield from ("", f"Not built, and so not compared: {', '.join(f'`{name}`' for name in unbuilt)}.")


def counted(kinds: dict[str, int]) -> str:
    """Return `2 models, 1 unit test`."""
    listed = sorted(kinds.items(), key=lambda item: _place(item[0]))
    return ", ".join(_many(count, kind.replace("_", " ")) for kind, count in listed) or "nothing"


def _row(one: Difference) -> str:
    before, after = one.rows
    if before is None or after is None:
        return f"| `{one.table}` | {_one_sided(before, after)} |"
    what = [f"new column `{column}`" for column in one.added] + [f"no column `{column}`" for column in one.removed]
    what += [f"`{column}` {types}, values not compared" for column, types in one.retyped.items()]
    if one.keys is not None:
        gone, new = one.keys
        what += [f"{_many(new, 'key')} new"] * bool(new) + [f"{_many(gone, 'key')} gone"] * bool(gone)
        differing = sorted((one.columns or {}).items(), key=lambda item: -item[1])
        what += [f"`{name}` in {_many(count, 'row')}" for name, count in differing]
    elif any(one.only):
        what.append("no unique key")
    rows = f"{before:,} → {after:,}" if before != after else f"{after:,}"
    return f"| `{one.table}` | {rows} | {one.only[0]:,} | {one.only[1]:,} | {_cell('; '.join(what))} |"


def _one_sided(before: int | None, after: int | None) -> str:
    if after is not None:
        return f"{after:,} | | | new"
    return f"{before or 0:,} | | | no longer in the project"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' if count != 1 else ''}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _place(kind: str) -> int:
    return BUILT.index(kind) if kind in BUILT else len(BUILT)
