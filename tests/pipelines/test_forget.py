"""`make clean` removes the files of runs, and nothing of a folder that no run has used."""

from pipelines.forget import forget


def test_a_folder_that_no_run_has_used_is_left_as_it_is(tmp_path):
    for name in ("my_own.duckdb", "lake/photo.jpg", "runs/marathon.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    assert forget(tmp_path) == []
    assert len(list(tmp_path.rglob("*.*"))) == 3


def test_what_runs_have_left_is_removed(tmp_path):
    (tmp_path / "my_own.duckdb").write_text("mine")
    (tmp_path / "dp_mailblaze_demo_local_db.duckdb").touch()
    for name in ("lake/postgres", "dlt/local/pipelines", "runs/local"):
        (tmp_path / name).mkdir(parents=True)
    assert forget(tmp_path) == ["dlt", "dp_mailblaze_demo_local_db.duckdb", "lake", "runs"]
    assert [path.name for path in tmp_path.iterdir()] == ["my_own.duckdb"]
