"""Importing Prefect, which reads the shell and the user's profiles as it is imported: `python flows/elt.py` asks first.

It imports nothing but the standard library.
"""

import os
import sys

PROFILES = ("PREFECT_PROFILE", "PREFECT_PROFILES_PATH")
NO_FILE = os.path.join(os.devnull, "none")  # noqa: PTH118  a file that cannot be there


def leave_out_profiles() -> None:
    """Let no profile of the user count."""
    for name in PROFILES:
        os.environ.pop(name, None)
    os.environ["PREFECT_PROFILES_PATH"] = NO_FILE


def begin() -> None:
    """Import Prefect; where it refuses one of its settings, end this process with one line."""
    leave_out_profiles()
    try:
        import prefect  # noqa: F401
    except ValueError as error:  # of pydantic
        lines = [line.strip() for line in str(error).splitlines()]
        names = sorted(name for name, value in os.environ.items() if name.startswith("PREFECT_") and value != NO_FILE)
        reason = " ".join(lines[1:3])[:200]
        sys.exit(f"✗ Prefect refuses one of its settings ({reason}): correct or unset it; set are {', '.join(names)}.")
