"""The image for the session: skipped, with the reason, where buildah is not installed or this is not root."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.image.box import ROOT, Box, BuildahFailed, Container


@pytest.fixture(scope="session")
def container(tmp_path_factory) -> Iterator[Container]:
    """A container of the image, built from what git has."""
    if not shutil.which("buildah") or os.geteuid():
        pytest.skip("buildah is not installed, or this is not root: a machine with Docker runs `docker compose up`")
    box = Box(tmp_path_factory.mktemp("box"))
    try:
        box.get_base()
    except BuildahFailed as error:
        pytest.skip(f"no base image, and no debootstrap to make one: {error}"[:300])
    tree = box.folder / "tree"
    tree.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    yield box.build(tree)
    box.buildah("rm", "--all")
    box.buildah("rmi", "--all", "--force")
    shutil.rmtree(box.folder)
