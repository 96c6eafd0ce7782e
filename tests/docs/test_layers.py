"""The layers, drawn from the imports: who imports whom, how large a folder is, which words stand nowhere."""

import ast
import re
import subprocess
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration  # it asks git for its files

ROOT = Path(__file__).resolve().parents[2]
# Each folder of the product, and what of ours it may import besides itself.
MAY_IMPORT = {
    "flows": ("pipelines", "exactly_once", "dashboard"),  # a run writes the dashboard's page
    # Where MART is, what a person reads where it is not, and when the last run was.
    "dashboard": (
        "pipelines.environment",
        "pipelines.registry",
        "pipelines.runs.run_history",
        "pipelines.configuration.private_files",
        "exactly_once.errors",
        "exactly_once.process",
    ),
    "pipelines": ("exactly_once",),
    "exactly_once": (),
    "mock_services": (),
}
MOST = 11  # modules of a folder, without __init__.py
# Found by name at run time, or run by a person.
ENTRY_POINTS = (
    r"pipelines\.earlier_names\.\w+",
    r"dashboard\.pages\.\w+",
    r"exactly_once\.messages\.\w+",
    r"\w+(\.\w+)*\.__main__",
)
WORDS = r"mend(?:s|ed|ing)|ane" + r"w|unde" + r"ad|the do" + r"ors?|worksh" + r"op|tort" + r"ure"
STRANGERS = r"\bmailblaze|\bprefect\b|\bdbt\b|\b(from|import) pipelines\b|\bpipelines/\w+\.py|[\"'`]pipelines\.\w+"


def files(*patterns: str) -> list[Path]:
    """Return git's files that match, and the new ones that it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).exists()]


@cache
def modules() -> dict[str, ast.Module]:
    """Return the product's modules by their dotted names; a package is its __init__."""
    found = {}
    for path in files(*(f"{folder}/**.py" for folder in MAY_IMPORT)):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


def imports(tree: ast.AST) -> set[str]:
    """Return the product's modules that a module imports, also inside of a function or for types."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {
                name if (name := f"{node.module}.{alias.name}") in modules() else str(node.module)
                for alias in node.names
            }
    return {name for name in found if name.split(".")[0] in MAY_IMPORT}


def is_within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_no_import_leads_upward(folder):
    allowed = (folder, *MAY_IMPORT[folder])
    assert [
        f"{name} imports {other}"
        for name, tree in modules().items()
        if is_within(name, folder)
        for other in sorted(imports(tree))
        if not any(is_within(other, package) for package in allowed)
    ] == []


def test_no_circle_of_imports():
    graph = {name: imports(tree) - {name} for name, tree in modules().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_no_folder_holds_more_than_eleven_modules(folder):
    counts: dict[Path, int] = {}
    for path in files(f"{folder}/**.py"):
        counts[path.parent] = counts.get(path.parent, 0) + (path.name != "__init__.py")
    assert {str(path.relative_to(ROOT)): count for path, count in counts.items() if count > MOST} == {}


def test_every_module_is_imported_or_an_entry_point():
    imported = {other for name, tree in modules().items() for other in imports(tree) - {name}}
    named = " ".join(
        path.read_text()
        for path in files(
            "pyproject.toml", "prefect.yaml", "compose.yaml", "Makefile", *(f"{f}/**.py" for f in MAY_IMPORT)
        )
    )
    lonely = []
    for name, tree in modules().items():
        path = ROOT / Path(*name.split("."))
        is_script = any(isinstance(one, ast.If) and "__main__" in ast.unparse(one.test) for one in tree.body)
        is_named = re.search(rf"[\"'= ]({re.escape(name)}|{re.escape(name.split('.', 1)[-1])})[\"'.:\s]", named)
        is_entry = any(re.fullmatch(pattern, name) for pattern in ENTRY_POINTS)
        if not (name in imported or path.is_dir() or is_script or is_named or is_entry):
            lonely.append(name)
    assert lonely == []


def found_in(paths: list[Path], pattern: str) -> list[str]:
    """Return file:line and the words of each line that matches."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]


def test_the_engine_names_nobody_who_uses_it():
    assert found_in(files("exactly_once/**.py", "exactly_once/*.md", "exactly_once/**/ruff.toml"), STRANGERS) == []


def test_no_private_metaphor_stands_anywhere():
    paths = [path for path in files("*.py", "*.md", "*.tf", "*.sql", "*.yml") if path.name != "CHANGELOG.md"]
    assert found_in(paths, rf"\b({WORDS})\b") == []


def test_the_rules_find_what_breaks_them():
    tree = ast.parse("def f():\n    import pipelines.environment\nfrom flows import elt")
    assert imports(tree) == {"pipelines.environment", "flows.elt"}
    for line in ("says MailBlaze", "dbt models", "from pipelines import x", "see pipelines/postgres.py"):
        assert re.search(STRANGERS, line, re.IGNORECASE), line
    assert not re.search(STRANGERS, "~/.dlt/pipelines and dlt.pipelines", re.IGNORECASE)
    assert re.search(rf"\b({WORDS})\b", "It men" + "ds")
    assert not re.search(rf"\b({WORDS})\b", "recommended")
