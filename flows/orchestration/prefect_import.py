"""Imports Prefect, which reads the shell and the user's profiles at import.

This module imports nothing but the standard library, so that it can run before Prefect.
"""

import os
import sys

PROFILES = ("PREFECT_PROFILE", "PREFECT_PROFILES_PATH")
NO_FILE = os.path.join(os.devnull, "none")  # noqa: PTH118  a path where no file can be


def ignore_profiles() -> None:
    """Keep Prefect from reading a profile of the user."""
    for name in PROFILES:
        os.environ.pop(name, None)
    os.environ["PREFECT_PROFILES_PATH"] = NO_FILE


def import_prefect() -> None:
    """Import Prefect; exit with one line if it refuses one of its settings."""
    ignore_profiles()
    try:
        import prefect  # noqa: F401
    except ValueError as error:  # pydantic's
        lines = [line.strip() for line in str(error).splitlines()]
        names = sorted(name for name, value in os.environ.items() if name.startswith("PREFECT_") and value != NO_FILE)
        reason = " ".join(lines[1:3])[:200]
        sys.exit(f"✗ Prefect refuses one of its settings ({reason}): correct or unset it; set are {', '.join(names)}.")
