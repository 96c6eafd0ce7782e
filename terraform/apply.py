"""Apply an environment, unless that would lose data: `python3 terraform/apply.py prod [-target=...]`.

The plan is written to a file, read, and that file is applied: nothing is applied that was not read. An environment
that is not disposable keeps whatever is in HOLDS_DATA: a plan that deletes or replaces such a resource ends with 1 and
a line for each.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ENVIRONMENTS = Path(__file__).resolve().parent / "environments"
# Types of resources that hold what no apply makes again. tests/workflows/test_apply.py has all others.
HOLDS_DATA = {
    "aws_cloudwatch_log_group",
    "aws_ecr_repository",
    "aws_kms_key",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "snowflake_database",
    "snowflake_schema",
}


def losses(plan: Mapping) -> Iterator[str]:
    """Yield a line for each resource with data that a plan deletes or replaces."""
    for change in plan.get("resource_changes", []):
        actions = change["change"]["actions"]
        if change["type"] in HOLDS_DATA and "delete" in actions:
            yield f"{change['address']} would be {'replaced' if 'create' in actions else 'deleted'}"


def allows_data_loss(word: str) -> bool:
    """Return whether an environment sets force_destroy, that is, may lose its data."""
    text = (ENVIRONMENTS / word / "main.tf").read_text()
    return re.search(r"^  force_destroy\s*= true$", text, re.M) is not None


def apply(word: str, options: list[str]) -> int:
    """Plan, refuse what loses data, and apply that plan; return the status to end with."""
    place = ENVIRONMENTS / word
    terraform = ["terraform", f"-chdir={place}"]
    with tempfile.TemporaryDirectory() as folder:  # the plan holds what the state holds
        plan = str(Path(folder) / "plan")
        status = subprocess.run([*terraform, "plan", "-input=false", f"-out={plan}", *options]).returncode  # noqa: S603
        if status:
            return status
        shown = subprocess.run([*terraform, "show", "-json", plan], stdout=subprocess.PIPE, check=True).stdout  # noqa: S603
        lost = [] if allows_data_loss(word) else list(losses(json.loads(shown)))
        for line in lost:
            mark = "::error::" if os.environ.get("GITHUB_ACTIONS") else "✗ "
            print(
                f"{mark}{line}, with what it holds: {word} loses no data. Keep its address (a `moved` block), or an "
                "administrator removes it by hand (docs/runbooks/first-deployment.md, stage 10)",
                flush=True,
            )
        return 1 if lost else subprocess.run([*terraform, "apply", "-input=false", plan]).returncode  # noqa: S603


if __name__ == "__main__":
    known = sorted(path.parent.name for path in ENVIRONMENTS.glob("*/main.tf"))
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        print(f"usage: python3 terraform/apply.py {{{'|'.join(known)}}} [options of terraform plan]", file=sys.stderr)
        sys.exit(2)
    sys.exit(apply(sys.argv[1], sys.argv[2:]))
