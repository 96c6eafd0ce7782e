"""Write the lines that each commit added, in the whole history of HEAD, into a folder, for a scan of secrets.

The lines that a commit added to a file lie at <commit>/<file>. A piece is left out if earlier commits added each of its
lines to the same file, as a merge adds the lines of its branches again. What the list of exceptions names is left out,
too, here and in later merges: `<commit> <file> <reason>` a line.
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SKIPPED = (".lock", ".lock.hcl")  # hashes, which checkov leaves out, too
LOG = [
    "git", "-c", "core.quotePath=false", "log", "--reverse", "--format=commit %h", "--abbrev=12", "--patch",
    "--unified=0", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "-m", "--root", "HEAD",
]  # fmt: skip


def pieces() -> Iterator[tuple[str, str, bytes]]:
    """Yield the commit, the file and the lines of each piece that was added."""
    log = subprocess.run(LOG, capture_output=True, check=True).stdout  # noqa: S603
    commit, file, added, is_piece = "", "", [], False
    for line in [*log.split(b"\n"), b"commit end"]:
        if is_piece and line.startswith(b"+"):
            added.append(line[1:])
            continue
        if is_piece and line.startswith((b"-", b"\\")):
            continue
        if added:
            yield commit, file, b"\n".join(added) + b"\n"
        added, is_piece = [], line.startswith(b"@@ ")
        if line.startswith(b"commit "):
            commit = line.split()[1].decode()
        elif line.startswith(b"+++ "):
            file = line[4:].decode(errors="replace").rstrip("\t").removeprefix("b/")


def main(folder: Path, exceptions: Path) -> None:
    """Write the pieces."""
    lines = exceptions.read_text().splitlines() if exceptions.exists() else []
    known = {tuple(line.split()[:2]) for line in lines if line and not line.startswith("#")}
    seen: dict[str, set[bytes]] = defaultdict(set)
    for commit, file, added in pieces():
        new = set(added.splitlines())
        is_new = not new <= seen[file]
        seen[file] |= new
        if (commit, file) in known or file.endswith(SKIPPED) or not is_new:
            continue
        path = folder / commit / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as kept:
            kept.write(added)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
