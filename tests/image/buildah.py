"""Builds and runs the image by buildah: without a Docker engine, as root, in its own namespaces."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The Dockerfile's base by its tag: an image that is made here has no digest of a registry.
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
BASE = DIGEST.sub("", re.search(r"^FROM (\S+) AS build$", (ROOT / "Dockerfile").read_text(), re.M)[1])
USER = "10001:10001"
PACKAGES = "python3,python3-venv,ca-certificates"
CERTIFICATES = "/etc/ssl/certs"
# What a run may write, and what the runtime itself puts in place.
WRITABLE = {"data", "tmp", "proc", "sys", "dev", "run"}


class BuildahFailed(Exception):
    """A command failed; the message is its output."""


@dataclass
class Buildah:
    """buildah with its images and containers below `folder`."""

    folder: Path
    environment: Mapping[str, str] = field(
        default_factory=lambda: {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    )

    def run(self, *arguments: str | Path) -> str:
        """Run buildah and return its last line.

        Raises:
            BuildahFailed: it did not end with 0.
        """
        done = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise BuildahFailed(f"buildah {' '.join(map(str, arguments))}: {done.stderr[-2000:]}")
        return (done.stdout.strip().splitlines() or [""])[-1]

    def command(self, *arguments: str | Path) -> list[str]:
        """Return a command line of buildah with its own storage."""
        return ["buildah", "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", *map(str, arguments)]

    def get_base(self) -> None:
        """Pull the base image, or make one of Debian's packages where no registry of images is reached."""
        try:
            self.run("pull", "--quiet", BASE)
        except BuildahFailed:
            if not shutil.which("debootstrap"):
                raise
            system = self.folder / "debian"
            bootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(system)]
            done = subprocess.run(bootstrap, capture_output=True, text=True)
            if done.returncode:
                raise BuildahFailed(f"debootstrap: {done.stdout[-300:]}") from None
            scratch = self.run("from", "scratch")
            self.run("add", "--quiet", scratch, system, "/")
            self.run("commit", "--quiet", "--rm", scratch, BASE)
            shutil.rmtree(system)

    def build(self, tree: Path) -> "Container":
        """Build the image from a clean tree, whose Dockerfile loses its digests, and return a container of it."""
        dockerfile = tree / "Dockerfile"
        dockerfile.write_text(DIGEST.sub("", dockerfile.read_text()))
        self.run(
            "bud", "--format=docker", "--pull-never", f"--volume={CERTIFICATES}:{CERTIFICATES}:ro",
            "--build-arg=REVISION=of-the-test", "--tag=mailblaze", tree,
        )  # fmt: skip
        return Container(self, self.run("from", "--pull-never", "localhost/mailblaze"))


@dataclass
class Container:
    """One container; its commands reach services on loopback, and write to a mounted folder."""

    buildah: Buildah
    name: str

    def line(self, data: Path, command: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """Return the command line that runs a command in it."""
        said = [f"--env={name}={value}" for name, value in settings.items()]
        mount = f"--volume={data}:/data:rw"
        return self.buildah.command("run", f"--user={USER}", mount, *said, self.name, "--", *command)

    def run(self, data: Path, *command: str, **settings: str) -> subprocess.CompletedProcess:
        """Run a command to its end, as the image's user."""
        line = self.line(data, command, settings)
        return subprocess.run(line, env=self.buildah.environment, capture_output=True, text=True)

    @contextmanager
    def running(self, data: Path, *command: str, **settings: str) -> Iterator[subprocess.Popen]:
        """Run a command until the `with` ends."""
        line = self.line(data, command, settings)
        log = (data / f"{len(list(data.glob('*.log')))}.log").open("w")
        process = subprocess.Popen(
            line, env=self.buildah.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            for how in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, how)
                    process.wait(20)
            log.close()

    def files(self) -> dict[str, tuple[int, int, int]]:
        """Return mode, size and time of every file of its root file system except the writable folders."""
        mounted = Path(self.buildah.run("mount", self.name))
        try:
            found = {}
            for folder, folders, names in os.walk(mounted):
                if Path(folder) == mounted:
                    folders[:] = [name for name in folders if name not in WRITABLE]
                for name in names:
                    status = (Path(folder) / name).lstat()
                    place = str((Path(folder) / name).relative_to(mounted))
                    found[place] = (status.st_mode, status.st_size, status.st_mtime_ns)
            return found
        finally:
            self.buildah.run("umount", self.name)

    def configuration(self) -> dict:
        """Return what the image says of itself: User, Labels, Healthcheck, Env and so on."""
        line = self.buildah.command("inspect", self.name)
        said = subprocess.run(line, env=self.buildah.environment, capture_output=True, text=True, check=True)
        return json.loads(said.stdout)["Docker"]["config"]
