"""Leave out one table of a load and load the others: a refused table brings no row, and its cursor does not move.

A table is refused if its resource, or one of its steps, raises `TableError`. The rows that it has already sent are in
the extracted package: `refused.json` in the pipeline's working folder names the table before that package is complete,
and its files are removed from the package before anything else reads it.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlt.common import json
from dlt.common.pipeline import current_pipeline
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.extract.items_transform import ItemTransform
from typing_extensions import override

from exactly_once.errors import TableError
from exactly_once.process import interrupts, progress
from exactly_once.storage.atomic_file import write_atomically

FILE = "refused.json"
State = Callable[[], MutableMapping[str, Any]]


@dataclass(frozen=True)
class RefusedTable:
    """A table that a load left out: its names at the source and in RAW, the reason, and the exit code of the run."""

    name: str
    raw_name: str
    line: str
    exit_code: int = TableError.exit_code


class TableGuard:
    """One table in one extraction; every resource of the table shares it.

    Args:
        name: of the table at the source.
        raw_name: of the table in RAW, as dlt has it.
        state: returns the state of the dlt resource with the cursor; it is restored if the table is refused.
        is_strict: whether a refused table refuses the whole load.
    """

    def __init__(self, name: str, raw_name: str, state: State, is_strict: bool = False) -> None:
        self._name = name
        self._raw_name = raw_name
        self._state = state
        self._is_strict = is_strict
        self._before: dict[str, Any] | None = None
        self.is_refused = False

    def rows(self, rows: Iterable[Any], what: str = "reading") -> Iterator[Any]:
        """Yield the items of a resource until the table is refused.

        Args:
            rows: of the resource.
            what: the phase in lines of progress.

        Raises:
            TableError: the load is strict.
        """
        self._remember()
        progress.reading(current_pipeline(), self._name, self._raw_name, what)
        try:
            for item in rows:
                if self.is_refused:
                    return
                yield item
        except TableError as error:
            self.refuse(error)

    def step(self, step: ItemTransform[Any]) -> "GuardedStep":
        """Return a step of the resource whose errors this guard handles."""
        return GuardedStep(self, step)

    def call(self, function: Callable[[Any, Any], Any], item: Any, meta: Any) -> Any:
        """Return the result of a step; None once the table is refused."""
        self._remember()
        if self.is_refused:
            return None
        try:
            return function(item, meta)
        except TableError as error:
            self.refuse(error)
            return None

    def refuse(self, error: TableError) -> None:
        """Refuse the table and restore its cursor.

        Raises:
            TableError: the load is strict.
        """
        interrupts.check()  # an error of a statement that a signal has cancelled refuses no table
        if self._is_strict:
            raise error
        self.is_refused = True
        folder = Path(current_pipeline().working_dir)
        keep_refused(folder, RefusedTable(self._name, self._raw_name, str(error), error.exit_code))
        if self._before is not None:
            state = self._state()
            state.clear()
            state.update(self._before)

    def _remember(self) -> None:
        if self._before is None:
            self._before = deepcopy(dict(self._state()))


class GuardedStep(ItemTransform[Any]):
    """A step of a resource whose `TableError` refuses the table alone."""

    def __init__(self, guard: TableGuard, step: ItemTransform[Any]) -> None:
        super().__init__(self.__call__)
        self._guard = guard
        self._step = step
        self.placement_affinity = step.placement_affinity  # type: ignore[misc]  # dlt reads it from the instance

    def bind(self, pipe: Any) -> "GuardedStep":
        """Bind the guarded step to its pipe."""
        self._step = self._step.bind(pipe)
        return self

    @override
    def __call__(self, item: Any, meta: Any = None) -> Any:
        return self._guard.call(self._step, item, meta)


def keep_refused(folder: Path, refused: RefusedTable) -> None:
    """Add a refused table to the list in the working folder; the first reason of a table stays."""
    known = read_refused(folder)
    if refused.raw_name in {one.raw_name for one in known}:
        return
    write_atomically(folder / FILE, json.dumpb([asdict(one) for one in [*known, refused]]))


def read_refused(folder: Path) -> list[RefusedTable]:
    """Return the tables that the last extraction refused."""
    try:
        return [RefusedTable(**one) for one in json.loadb((folder / FILE).read_bytes())]
    except FileNotFoundError:
        return []


def forget_refused(folder: Path) -> None:
    """Remove the list."""
    (folder / FILE).unlink(missing_ok=True)


def drop_refused(folder: Path) -> None:
    """Remove the files of refused tables from every package that is extracted and not yet normalized."""
    names = {one.raw_name for one in read_refused(folder)}
    for job in (folder / "normalize/extracted").glob("*/new_jobs/*") if names else ():
        if ParsedLoadJobFileName.parse(job.name).table_name in names:
            job.unlink()
