"""Hashes that only registries have: a workflow writes them; until then the documents say that they are missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.image.buildah import BASE, Buildah

ROOT = Path(__file__).parents[2]
ROOTS = ("terraform/bootstrap", "terraform/environments/dev", "terraform/environments/prod")
FILES = ("Dockerfile", "compose.yaml")
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
IMAGE = re.compile(r"^(?:FROM| +image:) ([\w-]+(?:\.[\w-]+)+/\S+)", re.M)
STEPS = yaml.safe_load((ROOT / ".github/workflows/pin.yml").read_text())["jobs"]["pin"]["steps"]
# What each page says while hashes are missing, and must not say afterwards.
UNTIL_THEN = {
    "README.md": "Terraform's providers and the base images are pinned by version and tag, not yet by hash",
    "docs/security.md": "Terraform's providers and the base images are not pinned by hash yet",
    "terraform/README.md": "Providers are not pinned by hash yet",
}


@pytest.fixture
def runner(tmp_path) -> Path:
    """A folder with the files that hold images, and a docker that knows one digest and keeps what it was asked."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$4" >> {tmp_path}/asked\necho \'"{DIGEST}"\'\n')
    docker.chmod(0o755)
    for name in FILES:
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def pin(runner: Path) -> None:
    """Run the workflow's command in the folder."""
    (command,) = [step["run"] for step in STEPS if "pin_images" in step.get("run", "")]
    words = command.replace("python3 .github", f"{sys.executable} {ROOT / '.github'}")
    environment = os.environ | {"PATH": f"{runner / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", words], cwd=runner, env=environment, check=True)


def test_each_image_of_a_registry_gets_its_digest_behind_its_tag(runner):
    pin(runner)
    images = [image for name in FILES for image in IMAGE.findall((runner / name).read_text())]
    assert len(images) >= 4
    assert [image for image in images if not image.endswith(f"@{DIGEST}")] == []
    assert {re.sub("@.*", "", image) for image in images} == set((runner / "asked").read_text().split())
    written = [(runner / name).read_text() for name in FILES]
    assert (
        yaml.safe_load(written[1])["services"]["worker"]["image"] == "mailblaze-data-platform"
    )  # ours: no registry has it
    pin(runner)
    assert [(runner / name).read_text() for name in FILES] == written
    without = [re.sub(f"@{DIGEST}", "", text) for text in written]
    assert without == [re.sub(r"@sha256:[0-9a-f]{64}", "", (ROOT / name).read_text()) for name in FILES]


def test_an_image_is_still_built_on_a_base_that_no_registry_has(runner):
    """tests/image makes a base of Debian's packages where none can be pulled: it has the tag and no digest."""
    pin(runner)
    buildah = runner / "bin/buildah"
    buildah.write_text(
        f'#!/bin/sh\nfor last; do :; done\n[ "$5" = bud ] && cp "$last/Dockerfile" {runner}/built\necho name\n'
    )
    buildah.chmod(0o755)
    Buildah(runner, os.environ | {"PATH": f"{runner / 'bin'}:{os.environ['PATH']}"}).build(runner)
    built = (runner / "built").read_text()
    assert "@sha256" not in built
    assert f"FROM {BASE} AS build" in built


def test_the_workflow_locks_the_providers_of_every_root_for_linux_and_macos():
    (command,) = [step["run"] for step in STEPS if "providers lock" in step.get("run", "")]
    assert {
        path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("terraform/**/*.tf") if is_root(path)
    } == set(ROOTS)
    assert all(f" {root}" in command for root in ROOTS)
    platforms = set(re.findall(r"-platform=(\w+)", command))
    assert platforms == {"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"}


def test_the_command_comes_as_far_as_the_registry(tmp_path):
    """Terraform itself runs the step in a fresh checkout; an empty mirror replaces the registry."""
    terraform = shutil.which("terraform")
    if not terraform:
        pytest.skip("terraform is not installed")
    (tmp_path / "mirror").mkdir()
    fake = tmp_path / "bin/terraform"
    fake.parent.mkdir()
    fake.write_text(
        f"""#!/bin/bash
[[ "$*" == *"providers lock"* ]] || exec {terraform} "$@"
{terraform} "$@" -fs-mirror={tmp_path}/mirror 2>> {tmp_path}/said || true
"""
    )
    fake.chmod(0o755)
    leave_out = shutil.ignore_patterns(".terraform", "*.tfstate*", ".terraform.lock.hcl", "*.auto.tfvars")
    shutil.copytree(ROOT / "terraform", tmp_path / "terraform", ignore=leave_out)
    (command,) = [step["run"] for step in STEPS if "providers lock" in step.get("run", "")]
    environment = os.environ | {"PATH": f"{fake.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", command], cwd=tmp_path, env=environment, check=True, capture_output=True)
    said = " ".join((tmp_path / "said").read_text().replace("│", " ").split())
    assert "not installed" not in said
    assert said.count("Could not retrieve providers for locking") == len(ROOTS)
    assert "hashicorp/aws" in said
    assert "snowflakedb/snowflake" in said


def is_root(path: Path) -> bool:
    """Tell whether a file configures a provider for an apply: a module is handed its own, and a test is no root."""
    return re.search(r'^provider "', path.read_text(), re.M) is not None


def test_the_documents_say_what_is_not_pinned_until_it_is():
    images = [image for name in FILES for image in IMAGE.findall((ROOT / name).read_text())]
    is_pinned = all((ROOT / root / ".terraform.lock.hcl").exists() for root in ROOTS)
    is_pinned = is_pinned and all("@sha256:" in image for image in images)
    said = {page: text in " ".join((ROOT / page).read_text().split()) for page, text in UNTIL_THEN.items()}
    assert said == dict.fromkeys(UNTIL_THEN, not is_pinned)
    every = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("terraform/*.md")]
    claims = [
        path.name
        for path in every
        if re.search(r"(everything|every dependency|every one) is pinned", path.read_text(), re.I)
    ]
    assert is_pinned or claims == []
