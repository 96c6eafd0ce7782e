"""Look up known vulnerabilities of the locked packages on osv.dev: `make audit`.

0: none is known. 1: some are, a line for each. 2: a lock could not be audited, said in a line.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PIP_AUDIT = ROOT / ".venv-workflows/bin/pip-audit"


class NotAudited(Exception):
    """The service did not answer for every package; the message is one line."""


def audit(lock: Path, *options: str) -> list[str]:
    """Return a line for each vulnerability that is known of a lock's packages.

    Raises:
        NotAudited: the service was not reached, or left a package out.
    """
    # The lock has every hash and every dependency: nothing is resolved, installed or built.
    how = (
        "--require-hashes",
        "--disable-pip",
        "--vulnerability-service=osv",
        "--format=json",
        "--progress-spinner=off",
    )
    done = subprocess.run([PIP_AUDIT, *how, *options, "-r", lock], capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        said = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise NotAudited(f"{lock} was not audited, the service could not be reached: {said[:200]}") from None
    if skipped := [one["name"] for one in packages if "skip_reason" in one]:
        raise NotAudited(f"{lock} was not audited as a whole: nothing was said of {', '.join(skipped)}"[:300])
    return [
        f"{one['name']} {one['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version'}"
        for one in packages
        for found in one["vulns"]
    ]


def main(locks: Iterable[Path], *options: str) -> int:
    """Audit each lock; print and return what the module's first lines say."""
    found = 0
    for lock in locks:
        try:
            lines = audit(lock, *options)
        except NotAudited as reason:
            print(f"✗ {reason}", file=sys.stderr)
            return 2
        print(f"{'✗' if lines else '✓'} {lock}", *lines, sep="\n    ", flush=True)
        found += len(lines)
    return 1 if found else 0


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        print("make audit: ask osv.dev about every lock in git; options are those of pip-audit")
        sys.exit(0)
    every = subprocess.run(["git", "ls-files", "*.lock"], cwd=ROOT, capture_output=True, text=True, check=True)
    sys.exit(main(map(Path, every.stdout.split()), *sys.argv[1:]))
