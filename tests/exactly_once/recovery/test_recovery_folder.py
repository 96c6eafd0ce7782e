"""A working folder that lost power: a damaged file is named, the folder is kept, and nothing is lost or doubled."""

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from exactly_once.recovery.working_dir import find_damage
from exactly_once.runner import acquire_lease, extract
from pipelines.environment import build_pipeline
from pipelines.loading import load as load_source
from tools.kill_test import foreign
from tools.kill_test.subject import compare

pytestmark = pytest.mark.slow

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "half": lambda body: body[: len(body) // 2],
    "zeroed": lambda body: bytes(len(body)),
    "zeroed at its end": lambda body: body[: len(body) // 2] + bytes(len(body) - len(body) // 2),
    "zeroed within": lambda body: body[: len(body) // 3] + bytes(8) + body[len(body) // 3 + 8 :],
}
KEPT = ["state.json", "schemas/web_orders.schema.json", "load/.version", "normalize/.version"]
PENDING = [
    "schema.json",
    "load_package_state.json",
    ".restore/state.json",
    ".restore/schemas/web_orders.schema.json",
    "new_jobs/orders.*",
    "new_jobs/orders__lines.*",
    "new_jobs/stock.*",
]


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A world with one load behind it, and new rows in the source."""
    world = tmp_path / "world"
    world.mkdir()
    for name, value in {"MAILBLAZE_ENV": "local", "MAILBLAZE_DATA_DIR": world, "CRASH_WORLD": world}.items():
        monkeypatch.setenv(name, str(value))
    foreign.prepare(world, 0)
    foreign.load_once()
    foreign.prepare(world, 1)
    return world


def working(world: Path) -> Path:
    return world / "dlt/local/pipelines/shop"


def extract_only() -> None:
    """Leave a package that is ready to load, as a killed run does."""
    pipeline = build_pipeline(foreign.PIPELINE)
    pipeline.activate()
    with acquire_lease(pipeline) as lease:
        extract(pipeline, lambda: nullcontext(foreign.web_orders()), lease)


def assert_whole(world: Path) -> None:
    found = compare(foreign.check(world))
    assert (found.lost, found.doubled, found.lines) == (0, 0, [])


@pytest.mark.parametrize("damage_of", ["empty", "half", "zeroed"])
@pytest.mark.parametrize("name", KEPT)
def test_a_damaged_file_of_the_folder_is_named_and_the_folder_kept(shop, capsys, name, damage_of):
    path = working(shop) / name
    path.write_bytes(DAMAGES[damage_of](path.read_bytes()))
    foreign.load_once()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"⚠ shop: {path} is damaged")
    assert "rows are read again from the warehouse's cursors" in line
    (kept,) = (shop / "set_aside").iterdir()
    assert (kept / name).exists()
    assert_whole(shop)
    foreign.prepare(shop, 2)
    foreign.load_once()
    assert capsys.readouterr().err == ""
    assert_whole(shop)


@pytest.mark.parametrize("damage_of", DAMAGES)
@pytest.mark.parametrize("name", PENDING)
def test_a_damaged_package_is_read_again(shop, capsys, name, damage_of):
    extract_only()
    (package,) = (working(shop) / "load/normalized").iterdir()
    (path,) = package.glob(name)
    before = path.read_bytes()
    path.write_bytes(DAMAGES[damage_of](before))
    if path.read_bytes() == before:
        pytest.skip("it had zeros there")
    report = foreign.load_once()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("⚠ shop: ")
    assert "quarantined in" in line
    assert (report.finished, report.quarantined) == (0, 1)
    assert_whole(shop)


def test_a_package_that_is_whole_is_finished(shop, capsys):
    extract_only()
    report = foreign.load_once()
    assert (report.finished, report.quarantined) == (1, 0)
    assert capsys.readouterr().err == ""
    assert_whole(shop)


def test_a_package_without_a_seal_is_read_again(shop, capsys):
    """It was interrupted in between, or is of an older version of the platform."""
    extract_only()
    (package,) = (working(shop) / "load/normalized").iterdir()
    (package / "load_package_state.json").unlink()
    report = foreign.load_once()
    assert (report.finished, report.quarantined) == (0, 1)
    assert "cut off before it had checked what it read: package" in capsys.readouterr().err
    assert_whole(shop)


def test_a_file_that_is_missing_or_too_many_is_damage(shop):
    extract_only()
    folder = working(shop)
    assert find_damage(folder) is None
    (path,) = folder.glob("load/normalized/*/new_jobs/orders.*")
    other = path.with_name(path.name.replace("orders.", "others.", 1))
    shutil.copy(path, other)
    assert "nothing wrote it" in find_damage(folder)
    other.unlink()
    path.unlink()
    assert "lacks a file of orders." in find_damage(folder)


def test_a_folder_that_another_run_uses_is_not_moved(shop):
    """The owner of the lease is working in it."""
    with acquire_lease(build_pipeline("shop", shop / "other")):
        path = working(shop) / "state.json"
        path.write_bytes(b"")
        with pytest.raises(Exception, match="Another run is at work"):
            foreign.load_once()
    assert not (shop / "set_aside").exists()


def test_a_package_of_another_run_in_the_folder_is_not_landed(shop, capsys):
    """A paused run resumes and leaves its package beside ours: neither is loaded, both are read again."""
    extract_only()
    strange = shop / "strange"
    (package,) = (working(shop) / "load/normalized").iterdir()
    shutil.move(package, strange / package.name)
    shutil.rmtree(working(shop))

    def source():
        target = working(shop) / "load/normalized"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copytree(strange / package.name, target / package.name)
        return nullcontext(foreign.web_orders())

    with pytest.raises(Exception, match="another run has used the working folder"):
        load_source("shop", source)
    assert "quarantined" in capsys.readouterr().err
    foreign.load_once()
    assert_whole(shop)
