"""Files of the lake are written once, on a condition that dlt's own job does not send; the contract with dlt."""

from pathlib import Path

import pytest
from dlt.destinations.exceptions import DestinationTerminalException

from exactly_once.destinations.lake import CreatingLoadJob
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
