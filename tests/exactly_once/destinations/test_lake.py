"""Files of the lake are written once, on a condition that dlt's own job does not send; the contract with dlt."""

from pathlib import Path

import pytest
from dlt.destinations.exceptions import DestinationTerminalException
from fsspec.implementations.local import LocalFileSystem

from exactly_once.destinations.lake import CreatingLoadJob, LocalLoadJob
from pipelines import saas
from pipelines.environment import build_pipeline
from tests.support.platform import BUCKET


class OneJob(CreatingLoadJob):
    """A job of one file to one path; the test inspects its client."""

    def __init__(self, file: Path, path: str, lake) -> None:
        super().__init__(str(file))
        self._path = path
        self._job_client = type("Client", (), {"fs_client": lake})()

    def make_remote_path(self) -> str:
        return self._path


@pytest.fixture
def lake(platform):
    saas.load()
    from exactly_once.recovery.manifests import ManifestStore

    return ManifestStore(build_pipeline("saas"))._lake


def job(tmp_path, lake, body: bytes) -> OneJob:
    file = tmp_path / "things.1234567890.0.parquet"
    file.write_bytes(body)
    return OneJob(file, f"{BUCKET}/saas/RAW/things/1.a.parquet", lake)


def test_each_file_of_a_load_is_written_on_a_condition(platform, monkeypatch):
    seen = []
    from s3fs import S3FileSystem

    plain = S3FileSystem._call_s3

    async def watched(self, method, *arguments, **keywords):
        if method in ("put_object", "complete_multipart_upload"):
            seen.append((keywords.get("Key", ""), {name for name in keywords if name.startswith("If")}))
        return await plain(self, method, *arguments, **keywords)

    monkeypatch.setattr(S3FileSystem, "_call_s3", watched)
    saas.load()
    folders = {key.split("/")[2] for key, _ in seen}
    assert {"init", "_loads", "_schemas", "_dlt_pipeline_state", "saas_email_events"} <= folders
    assert [key for key, conditions in seen if conditions != {"IfNoneMatch"}] == []


def test_a_file_that_arrived_before_counts_as_written(tmp_path, lake):
    job(tmp_path, lake, b"rows").run()
    job(tmp_path, lake, b"rows").run()
    assert lake.cat_file(f"{BUCKET}/saas/RAW/things/1.a.parquet") == b"rows"


def test_another_file_of_the_name_is_refused_in_a_line(tmp_path, lake):
    job(tmp_path, lake, b"rows").run()
    with pytest.raises(DestinationTerminalException, match="with another content"):
        job(tmp_path, lake, b"other rows").run()
    assert lake.cat_file(f"{BUCKET}/saas/RAW/things/1.a.parquet") == b"rows"


class OneLocalJob(LocalLoadJob):
    """A job of one file to one path of a folder."""

    def __init__(self, file: Path, path: Path) -> None:
        super().__init__(str(file))
        self._path = str(path)
        self._job_client = type("Client", (), {"fs_client": LocalFileSystem()})()

    def make_remote_path(self) -> str:
        return self._path


@pytest.fixture
def local(tmp_path):
    """Returns the job that copies some bytes to one path of a lake in a folder."""

    def made(body: bytes) -> OneLocalJob:
        file = tmp_path / "things.1234567890.0.parquet"
        file.write_bytes(body)
        return OneLocalJob(file, tmp_path / "lake/things/1.a.parquet")

    return made


def test_a_folder_has_a_file_once_and_no_load_overwrites_it(tmp_path, local):
    path = tmp_path / "lake/things/1.a.parquet"
    local(b"rows").run()
    before = path.stat().st_mtime_ns
    local(b"rows").run()
    for other in (b"wors", b"ro", b"other rows"):
        with pytest.raises(DestinationTerminalException, match="with another content, and no load overwrites it"):
            local(other).run()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (b"rows", before)


def test_a_copy_that_was_killed_is_written_again(tmp_path, local, monkeypatch):
    """An earlier version copied to the name itself; now the name is given last."""
    path = tmp_path / "lake/things/1.a.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"ro")

    def killed(source: Path, new: Path) -> None:
        new.write_bytes(source.read_bytes()[:3])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", killed)
        with pytest.raises(KeyboardInterrupt):
            local(b"rows").run()
    assert path.read_bytes() == b"ro"
    local(b"rows").run()
    assert [one.name for one in path.parent.iterdir()] == ["1.a.parquet"]
    assert path.read_bytes() == b"rows"
