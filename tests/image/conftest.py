"""The image for the session; tests are skipped, with the reason, without buildah or root."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.image.buildah import ROOT, Buildah, BuildahFailed, Container


@pytest.fixture(scope="session")
def container(tmp_path_factory) -> Iterator[Container]:
    """A container of the image, built from what git has."""
    if not shutil.which("buildah") or os.geteuid():
        pytest.skip("buildah is not installed, or this is not root: a machine with Docker runs `docker compose up`")
    buildah = Buildah(tmp_path_factory.mktemp("buildah"))
    try:
        buildah.get_base()
    except BuildahFailed as error:
        pytest.skip(f"no base image, and no debootstrap to make one: {error}"[:300])
    tree = buildah.folder / "tree"
    tree.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    yield buildah.build(tree)
    buildah.run("rm", "--all")
    buildah.run("rmi", "--all", "--force")
    shutil.rmtree(buildah.folder)
