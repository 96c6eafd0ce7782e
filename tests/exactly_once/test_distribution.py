"""exactly_once/ as a distribution of its own: its wheel, its README's quick start, its public names."""

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import exactly_once

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "exactly_once"
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


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    # dlt keeps its working folders in DLT_DATA_DIR, and of root in /var/dlt otherwise.
    environment = {"DLT_DATA_DIR": str(project / "dlt"), "PATH": "/usr/bin:/bin", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    command = [project / ".venv/bin/python", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_the_quick_start_of_the_readme_loads_each_row_once_from_the_wheel_alone(project):
    (script,) = re.findall(r"```python\n(.*?)```", (ENGINE / "README.md").read_text(), re.S)
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


def test_every_public_name_is_there_and_in_the_readme():
    readme = (ENGINE / "README.md").read_text()
    for name in exactly_once.__all__:
        assert getattr(exactly_once, name).__name__ == name
        assert f"`{name}" in readme, f"{name} is not in exactly_once/README.md"
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
