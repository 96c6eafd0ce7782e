"""Where a run writes the dashboard's page: a file, an object that a browser shows, or one line with the reason."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from exactly_once.errors import PipelineError
from flows.outputs.dashboard_page import PageTarget, resolve_target
from pipelines.environment import data_dir
from tests.support.platform import BUCKET, KEYS


def test_by_default_it_is_beside_an_embedded_warehouse_and_nowhere_else(platform, monkeypatch):
    assert resolve_target(None) == PageTarget(str(data_dir() / "dashboard.html"))
    assert resolve_target("s3://figures/index.html") == PageTarget("s3://figures/index.html")
    assert resolve_target("") is None
    monkeypatch.setenv("MAILBLAZE_ENV", "dev")
    assert resolve_target(None) is None


def test_a_file_is_written_whole_and_is_old_once_a_build_has_ended_since(tmp_path):
    page = PageTarget(str(tmp_path / "new" / "folder" / "index.html"))
    assert page.is_older_than(None)
    page.write("<p>one</p>")
    page.write("<p>two</p>")
    (path,) = (tmp_path / "new" / "folder").iterdir()  # no half-written file is left
    assert path.read_text() == "<p>two</p>"
    assert not page.is_older_than(None)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert not page.is_older_than(an_hour_ago)
    os.utime(path, (time.time() - 7200,) * 2)
    assert page.is_older_than(an_hour_ago)


def test_an_object_says_that_it_is_a_page(platform, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", platform.s3_url)
    for name in ("aws_access_key_id", "aws_secret_access_key"):
        monkeypatch.setenv(name.upper(), KEYS[name])
    page = PageTarget(f"s3://{BUCKET}/figures/index.html")
    assert page.is_older_than(None)
    page.write("<p>one</p>")
    assert not page.is_older_than(datetime.now(UTC) - timedelta(hours=1))
    found = platform.s3().get_object(Bucket=BUCKET, Key="figures/index.html")
    assert (found["Body"].read(), found["ContentType"]) == (b"<p>one</p>", "text/html; charset=utf-8")
    with pytest.raises(PipelineError, match=r"s3://no-such-bucket-here/index.html .* name another --page"):
        PageTarget("s3://no-such-bucket-here/index.html").write("<p>one</p>")


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "index.html").mkdir()
    for url in (tmp_path / "file/index.html", tmp_path / "index.html", "/dev/null/x/index.html"):
        with pytest.raises(PipelineError, match=r"page cannot be written to .* name another --page"):
            resolve_target(str(url))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_is_refused_too():
    with pytest.raises(PipelineError, match=r"\(/ cannot be written to\): name another --page"):
        resolve_target("/nonexistent/index.html")


@pytest.mark.parametrize("url", ["carrier-pigeon://loft/index.html", ".", "s3://figures"])
def test_an_invalid_target_is_refused_before_anything_is_loaded(url):
    with pytest.raises(PipelineError, match="is not a valid target"):
        resolve_target(url)
