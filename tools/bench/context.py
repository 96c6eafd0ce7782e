"""What all parts of the bench share: the source, a working folder, and the checksums of the source's tables."""

import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench import source
from tools.bench.checksum import compare, of_source

# A figure is what one thing took in one round: {"seconds": 1.2, "rows": 3000000, ...}.
Figures = dict[str, dict[str, Any]]


class LeftOut(Exception):
    """A part cannot be measured here, with the reason."""


@dataclass
class BenchContext:
    """The source at `url`, scratch space in `folder`, `rows` of the main table, and which round it is, from 1.

    `kept` is for files that a part makes once and uses in every round.
    """

    folder: Path
    url: str
    rows: int
    round: int = 1
    kept: dict[str, Path] = field(default_factory=dict)
    _sums: dict[str, tuple[int, int]] = field(default_factory=dict)
    _numbers: itertools.count = field(default_factory=itertools.count)

    def fresh(self, name: str) -> Path:
        """Return a new, empty folder."""
        folder = self.folder / f"{name}-{next(self._numbers)}"
        folder.mkdir(mode=0o700)  # files in it have the source's password
        return folder

    def need(self, name: str) -> int:
        """Make a table if it does not exist, and return its rows."""
        table = source.TABLES[name]
        rows = table.rows(self.rows)
        if name not in self._sums:
            source.make(self.url, table, rows)
            self._sums[name] = of_source(self.url, name)
        return rows

    def change(self, name: str, remainder: int) -> int:
        """Change one row in a hundred of a table and return their number."""
        changed = source.change(self.url, name, remainder)
        self._sums[name] = of_source(self.url, name)
        return changed

    def check(self, name: str, warehouse: Path) -> None:
        """Compare RAW with the source; raises RowsDiffer."""
        compare(self.url, name, warehouse, self._sums[name])

    def forget(self, *names: str) -> None:
        """Drop tables that are not needed any more."""
        for name in names:
            source.drop(self.url, name)
            self._sums.pop(name, None)

    def remove(self, folder: Path) -> None:
        """Remove a folder of `fresh`."""
        shutil.rmtree(folder, ignore_errors=True)
