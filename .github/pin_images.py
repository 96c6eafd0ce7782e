"""Write the registry's current digest beside the tag of each base image: `python3 .github/pin_images.py FILE...`.

`FROM docker.io/library/python:3.11-slim AS build` becomes `FROM docker.io/library/python:3.11-slim@sha256:… AS build`.
An existing digest is replaced. The digest is that of the index of all platforms, from `docker buildx imagetools`.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

# An image of a registry has a host and a tag; an image that is built here has no host.
IMAGE = re.compile(
    r"^(?P<before>(?:FROM| +image:) )(?P<name>[\w-]+(?:\.[\w-]+)+/[^\s@]+:[^\s@]+)(?:@sha256:[0-9a-f]{64})?", re.M
)


@cache
def digest(name: str) -> str:
    """Return the digest of an image's index.

    Raises:
        subprocess.CalledProcessError: the registry does not have it, or does not answer.
    """
    command = ["docker", "buildx", "imagetools", "inspect", name, "--format", "{{json .Manifest.Digest}}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603  a name from our own files


def pinned(text: str) -> str:
    """Return a file's text with the current digest behind each tag."""
    return IMAGE.sub(lambda found: f"{found['before']}{found['name']}@{digest(found['name'])}", text)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(pinned(path.read_text()))
