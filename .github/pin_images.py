"""Write beside each base image's tag the digest that its registry has now: `python3 .github/pin_images.py FILE...`.

`FROM docker.io/library/python:3.11-slim AS build` becomes `FROM docker.io/library/python:3.11-slim@sha256:… AS build`.
A digest that is there is replaced. `docker buildx imagetools` is asked: it knows the index of all platforms.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

# Images that a registry has: with a host and a tag. What we build ourselves has no host.
IMAGE = re.compile(
    r"^(?P<before>(?:FROM| +image:) )(?P<name>[\w-]+(?:\.[\w-]+)+/[^\s@]+:[^\s@]+)(?:@sha256:[0-9a-f]{64})?", re.M
)


@cache
def digest(name: str) -> str:
    """Return the digest of an image's index.

    Raises:
        subprocess.CalledProcessError: the registry does not have it, or was not reached.
    """
    command = ["docker", "buildx", "imagetools", "inspect", name, "--format", "{{json .Manifest.Digest}}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603  a name from our own files


def pinned(text: str) -> str:
    """Return a file's text with the digest of today behind each tag."""
    return IMAGE.sub(lambda found: f"{found['before']}{found['name']}@{digest(found['name'])}", text)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(pinned(path.read_text()))
