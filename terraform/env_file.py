"""The settings of an environment, as lines for a shell: `python terraform/env_file.py dev > .env.dev`.

They are the output `settings` of the environment's Terraform, under the names by which dlt, dbt and Prefect read them;
none is secret. Where the secrets are is said behind them, as comments.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENTS = Path(__file__).parent / "environments"


def lines(settings: Mapping[str, str], secrets: Mapping[str, str]) -> list[str]:
    """Return a line for each setting, and a comment for each secret: its setting and its name in Secrets Manager."""
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in sorted(settings.items())),
        *(f"# {setting} is in Secrets Manager as {name}" for setting, name in sorted(secrets.items())),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print the lines of an environment; 1, and one line, where there is none or it is not applied."""
    parser = argparse.ArgumentParser(description="Print the settings of an environment as lines for a shell.")
    parser.add_argument("environment", nargs="?", default="dev", help="a folder of terraform/environments (dev)")
    word = parser.parse_args(arguments).environment
    place = ENVIRONMENTS / word
    if not (place / "main.tf").exists():
        known = ", ".join(sorted(path.parent.name for path in ENVIRONMENTS.glob("*/main.tf")))
        print(f"✗ There is no environment {word!r}: say one of {known}.", file=sys.stderr)
        return 1
    try:
        said = subprocess.run(["terraform", f"-chdir={place}", "output", "-json"], capture_output=True, text=True)  # noqa: S603, S607
    except FileNotFoundError:
        print("✗ terraform is not installed: terraform/README.md says which version.", file=sys.stderr)
        return 1
    outputs = json.loads(said.stdout or "{}") if said.returncode == 0 else {}
    if "settings" not in outputs:
        print(f"✗ {word} is not applied, or this folder is not initialized: see terraform/README.md.", file=sys.stderr)
        return 1
    print("\n".join(lines(outputs["settings"]["value"], outputs["platform"]["value"]["secrets"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
