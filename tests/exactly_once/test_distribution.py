"""exactly_once/ as a distribution of its own: its wheel, its README's quick start, its public names."""

import json
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pytest

import exactly_once
from exactly_once import diagnostics, postgres, rest_api
from tests.support.platform import clone, execute

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "exactly_once"
KEY = "a key"
UV = Path(sys.executable).parent / "uv"
OUTPUT = "orders: {} extracted, 2 in the dataset\norders__lines: 0 extracted, 2 in the dataset\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ENGINE, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture
def project(wheel, tmp_path) -> Path:
    """Somebody else's project: an environment with our dependencies and the wheel, and with nothing else of ours."""
    folder = tmp_path / "project"
    venv.create(folder / ".venv", with_pip=False)
    (site,) = folder.glob(".venv/lib/python*/site-packages")
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", folder / ".venv/bin/python", wheel],
        check=True,
    )
    # The packages of this environment, without its .pth files: one of them leads to this repository.
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "sitecustomize.py").write_text(f"import sys\nsys.path.append({ours!r})\n")
    return folder


def example(source: str) -> str:
    """Return the quick start whose source has this name."""
    (script,) = [
        found
        for found in re.findall(r"```python\n(.*?)```", (ENGINE / "README.md").read_text(), re.S)
        if f"def {source}(" in found
    ]
    return script


def run(project: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
    # dlt keeps its working folders in DLT_DATA_DIR, and of root in /var/dlt otherwise.
    environment = {
        "DLT_DATA_DIR": str(project / "dlt"),
        "PATH": "/usr/bin:/bin",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    } | settings
    command = [project / ".venv/bin/python", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_the_quick_start_of_the_readme_loads_each_row_once_from_the_wheel_alone(project):
    script = example("shop")
    (shown,) = re.findall(r"```\n(orders.*?)```", (ENGINE / "README.md").read_text(), re.S)
    assert shown == OUTPUT.format(2)
    assert len([line for line in script.splitlines() if line.strip()]) <= 20
    (project / "shop.py").write_text(script)
    for extracted in (2, 0):
        done = run(project, "shop.py")
        assert done.stdout == OUTPUT.format(extracted), done.stderr
    assert "No module named 'pipelines'" in run(project, "-c", "import pipelines").stderr
    where = run(project, "-c", "import exactly_once; print(exactly_once.__file__)").stdout
    assert where.startswith(str(project))
    assert len(list((project / "lake/shop/raw/orders").glob("*.parquet"))) == 1


def test_the_quick_start_of_postgres_loads_each_row_once_and_marks_the_deleted_one(project, postgres_server):
    script = example("shop_db")
    assert len([line for line in script.splitlines() if line.strip()]) <= 22
    (project / "shop_db.py").write_text(script)
    clone(postgres_server, "template1", "shop_db")
    address = postgres_server.url("shop_db", "postgres")
    execute(
        address,
        "create table orders (id int primary key, updated_at timestamptz not null default now());"
        "insert into orders select generate_series(1, 10)",
    )
    settings = {"SOURCES__SHOP_DB__CREDENTIALS": address}
    assert (done := run(project, "shop_db.py", **settings)).returncode == 0, done.stderr
    execute(address, "delete from orders where id = 1; insert into orders values (11)")
    assert (done := run(project, "shop_db.py", **settings)).returncode == 0, done.stderr
    assert rows(project, "select id, _deleted_at is null from raw.shop_db_orders order by id") == [
        (number, number > 1) for number in range(1, 12)
    ]


def test_the_quick_start_of_rest_loads_each_object_once(project):
    script = example("shop_api")
    assert len([line for line in script.splitlines() if line.strip()]) <= 22
    (project / "shop_api.py").write_text(script)
    with shop_api(KEY) as (url, asked):
        settings = {"SOURCES__SHOP_API__BASE_URL": url, "SOURCES__SHOP_API__API_KEY": KEY}
        for _ in range(2):
            assert (done := run(project, "shop_api.py", **settings)).returncode == 0, done.stderr
    assert rows(project, "select id from raw.shop_api_orders order by id") == [(number,) for number in range(5)]
    assert ["updated_after" in query for query in asked[:1] + asked[-1:]] == [False, True]


def rows(project: Path, query: str) -> list[tuple]:
    with duckdb.connect(project / "shop.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def shop_api(key: str) -> Iterator[tuple[str, list[dict]]]:
    """Serve five orders, two a page; yield the address and the queries that were asked."""
    orders = [{"id": number, "updated_at": f"2026-01-0{number + 1}T00:00:00Z"} for number in range(5)]
    asked: list[dict] = []

    class Orders(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = dict(parse_qsl(address.query))
            known = address.path == "/orders" and self.headers["Authorization"] == f"Bearer {key}"
            asked.append(query)
            wanted = [one for one in orders if one["updated_at"] > query.get("updated_after", "")]
            start = int(query.get("cursor", 0))
            more = start + 2 < len(wanted)
            body = {
                "data": wanted[start : start + 2],
                "next_cursor": str(start + 2) if more else None,
                "has_more": more,
            }
            self.send_response(200 if known else 401)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Orders)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    modules = {str(path.relative_to(ROOT)) for path in ENGINE.rglob("*.py")}
    others = {name for name in names - modules if ".dist-info/" not in name}
    assert modules <= names
    assert others == {"exactly_once/py.typed"}


def test_importing_the_package_imports_no_library(project):
    said = run(project, "-c", "import exactly_once, sys; print({'dlt', 'duckdb', 'sqlalchemy'} & set(sys.modules))")
    assert said.stdout == "set()\n", said.stderr


NO_SNOWFLAKE = "import sys; sys.modules['snowflake'] = None\n"


@pytest.mark.parametrize("use", ["from exactly_once import *; print(run_pipeline)", "help('exactly_once')"])
def test_without_the_extra_snowflake_every_other_name_is_there(use):
    done = subprocess.run([sys.executable, "-c", NO_SNOWFLAKE + use], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "run_pipeline" in done.stdout, "problem in" in done.stdout) == (0, True, False), (
        done.stderr
    )


def test_snowflake_without_its_extra_is_refused_in_a_line():
    code = NO_SNOWFLAKE + "from exactly_once import fenced_snowflake"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stderr
    assert said.splitlines()[-1] == (
        "ImportError: fenced_snowflake needs Snowflake's connector: type `pip install 'exactly-once-loads[snowflake]'`."
    )


@pytest.mark.parametrize(
    ("package", "others"),
    [("postgres", ("rest_api",)), ("rest_api", ("postgres", "psycopg2")), ("diagnostics", ("postgres", "rest_api"))],
)
def test_a_package_of_a_source_imports_no_other_one(project, package, others):
    code = (
        f"import sys, exactly_once.{package} as it\n"
        "print([name for name in ('dlt', 'duckdb', 'sqlalchemy') if name in sys.modules])\n"
        "[getattr(it, name) for name in it.__all__]\n"
        f"print([name for name in {others} if name in sys.modules or 'exactly_once.' + name in sys.modules])"
    )
    said = run(project, "-c", code)
    assert said.stdout == "[]\n[]\n", said.stderr


@pytest.mark.parametrize("package", [exactly_once, diagnostics, postgres, rest_api])
def test_every_public_name_is_there_and_in_the_readme(package):
    readme = (ENGINE / "README.md").read_text()
    for name in package.__all__:
        assert getattr(getattr(package, name), "__name__", name) == name
        assert f"`{name}" in readme, f"{name} is not in exactly_once/README.md"
    assert set(package.__all__) == set(package._MODULES)
    assert set(package.__all__) <= set(dir(package))


def test_the_default_hints_name_what_is_public():
    named = re.findall(r"exactly_once\.(\w+)", " ".join(asdict(exactly_once.Hints()).values()))
    assert sorted(named) == ["diagnostics", "repair_lease"]
    assert all(hasattr(exactly_once, name) for name in named)


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'run_pipelines'"):
        _ = exactly_once.run_pipelines


def test_its_pins_are_those_of_the_platform_and_its_version_is_in_its_changelog():
    def pins(folder: Path) -> dict[str, str]:
        found = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
        return dict(re.fullmatch(r"([\w-]+)(?:\[[^]]*\])?(.*)", one).groups() for one in found)

    platform = pins(ROOT)
    assert {name: platform[name] for name in pins(ENGINE)} == pins(ENGINE)
    assert f"dlt {version('dlt')} exactly" in (ENGINE / "README.md").read_text()
    assert f"## [{exactly_once.__version__}]" in (ENGINE / "CHANGELOG.md").read_text()
    assert (ENGINE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
