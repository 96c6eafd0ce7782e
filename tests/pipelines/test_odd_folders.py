"""Data folders whose path libraries would misread, and who may read them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.load_storage import LoadItemStorage
from dlt.extract.storage import ExtractorItemStorage

from exactly_once.errors import PipelineError
from exactly_once.storage import percent_paths
from exactly_once.storage.lake_paths import adopt_encoded, lake_path
from pipelines.configuration.library_safe_path import display_path, library_safe_path
from pipelines.configuration.private_files import keep_private
from pipelines.environment import data_dir, environment, read_services

ODD = 'My Projects é #1 100% [x] it\'s "q" $HOME & ; \\n *{y}?'


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_dlt_makes_its_data_files_in_a_folder_with_percent_signs():
    """The two methods are the only ones that return a path to which dlt applies `%`."""
    percent_paths.allow()
    percent_paths.allow()
    for storage in (ExtractorItemStorage, LoadItemStorage):
        made = percent_paths._doubling(lambda *_: "/100%/%s of it/new/table.%s.0.parquet")
        assert made(None, "", "", "") % "id" == "/100%/%s of it/new/table.id.0.parquet"
        assert getattr(storage, percent_paths.METHOD).doubles


def test_a_link_stands_for_a_folder_with_a_hash_and_is_made_again(tmp_path):
    folder = tmp_path / ODD
    folder.mkdir()
    link = library_safe_path(folder)
    assert "#" not in str(link)
    assert link.resolve() == folder
    assert library_safe_path(folder) == link
    link.unlink()
    link.symlink_to(tmp_path)  # of another folder that had this name
    assert library_safe_path(folder).resolve() == folder
    assert display_path(str(library_safe_path(folder) / "x.html")) == str(folder / "x.html")
    assert library_safe_path(tmp_path) == tmp_path
    assert display_path(str(tmp_path / "x.html")) == str(tmp_path / "x.html")


def test_a_link_is_never_put_where_others_may_write(tmp_path, monkeypatch):
    (tmp_path / "cache" / "mailblaze").mkdir(parents=True)
    (tmp_path / "cache" / "mailblaze").chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing" / "temporary"))
    (tmp_path / "missing").write_text("no folder")
    with pytest.raises(PipelineError, match="no folder can be made for a link"):
        library_safe_path(tmp_path / "#")


@pytest.mark.integration
def test_a_database_in_a_folder_with_a_question_mark_outlives_a_kill(tmp_path):
    folder = tmp_path / "what?" / "is it?"
    folder.mkdir(parents=True)
    path = library_safe_path(folder) / "x.duckdb"
    write = "import duckdb, os, sys; duckdb.connect(sys.argv[1]).execute('create table t as select 1 a'); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", write, str(path)]).returncode == 9
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("select a from t").fetchall() == [(1,)]
    assert (folder / "x.duckdb").exists()


def test_a_folder_whose_journal_has_no_place_is_refused(tmp_path):
    (tmp_path / "what.wal?").write_text("no folder")
    with pytest.raises(PipelineError, match=r"holds a \?"):
        library_safe_path(tmp_path / "what?")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", ".data"), ("plain/", "plain"), ("~/of mine", "~/of mine"), ("-x", "-x"), ("a" * 200, "a" * 200)],
)
def test_the_data_folder_is_absolute_whatever_its_spelling(value, expected, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", value)
    monkeypatch.setenv("MAILBLAZE_ENV", "")
    assert data_dir() == Path(expected).expanduser().absolute()
    assert environment().name == "local"
    assert environment().lake == f"{data_dir()}/lake"


def test_a_lake_in_a_folder_is_that_folder_and_takes_over_what_lies_beside_it(tmp_path):
    """An earlier version put leases and records where the URL says, letter for letter."""
    folder = tmp_path / ODD / "lake"
    url = FilesystemConfiguration.make_file_url(str(folder))
    assert lake_path(url) == str(folder)
    assert lake_path("s3://bucket/a%20b") == "s3://bucket/a%20b"
    misplaced = Path(url.removeprefix("file://"), "_loads")
    misplaced.mkdir(parents=True)
    (misplaced / "1.json").write_text("{}")
    adopt_encoded(f"{url}/_loads")
    adopt_encoded(f"{url}/_loads")
    assert (folder / "_loads" / "1.json").exists()
    assert not misplaced.exists()


def test_services_of_the_folder_that_was_copied_are_not_this_ones(tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    folder.mkdir()
    original = tmp_path.stat()
    text = '{"postgres_url": "x", "folder": {"path": "%s", "device": 0, "inode": %d}}'
    (folder / "services.json").write_text(text % (tmp_path, original.st_ino))
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(folder))
    assert read_services() == {}
    (folder / "services.json").write_text(text % (tmp_path / "moved from here", 1))
    assert read_services()["postgres_url"] == "x"


def test_what_a_run_leaves_is_for_its_owner_only(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    (folder / "lake").mkdir(parents=True)
    (folder / "x.duckdb").touch()
    for path in (folder, folder / "lake", folder / "x.duckdb"):
        path.chmod(0o777)
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(folder))
    before = os.umask(0)
    try:
        keep_private()
        (folder / "new").touch()
    finally:
        os.umask(before)
    assert not stat.S_IMODE(folder.stat().st_mode) & 0o066
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.iterdir()} == {0}
