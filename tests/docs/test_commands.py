"""Commands, links, anchors and paths of README and docs exist, and README stays short."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
LINES = 160
# By a person: settings, and the sources that docs/extending.md and examples/ add.
TO_BE_WRITTEN = {".dlt/secrets.toml", "pipelines/crm.py", "pipelines/helpdesk.py", "dbt/models/staging/crm"}
FOLDERS = (
    "bench",
    "cost",
    "dashboard",
    "dbt",
    "docs",
    "exactly_once",
    "examples",
    "flows",
    "mock_services",
    "pipelines",
)
FOLDERS += ("terraform", "tests", "tools", ".ci", ".dlt", ".github")
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`")


def tracked() -> list[Path]:
    """Return every Markdown file of git; dbt's hold blocks of its own."""
    names = subprocess.run(
        ["git", "ls-files", "*.md", ":!dbt", ":!.github"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).exists()]


PAGES = tracked()


def prose(text: str) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.M)
    words = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).strip() for heading in headings)
    return frozenset(word.lower().replace(" ", "-") for word in words)


def lacking(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if re.match(r"\w+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page):
    assert lacking(page, page.read_text()) == []


def test_a_link_that_leads_nowhere_is_found():
    assert lacking(README, "[a](nowhere.md) [b](docs/guarantees.md#nothing) [c](docs/guarantees.md#deletes)") == [
        "nowhere.md",
        "docs/guarantees.md#nothing",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_backticks_is_there(page):
    named = {path.rstrip("/") for path in PATH.findall(page.read_text())}
    assert sorted(path for path in named - TO_BE_WRITTEN if not (ROOT / path).exists()) == []


def code(text: str) -> str:
    """Return what a page has in code blocks and backticks, one piece a line."""
    return "\n".join([*re.findall(r"^```.*?^```$", text, re.M | re.S), *re.findall(r"`([^`\n]+)`", prose(text))])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_is_one(page):
    targets = set(re.findall(r"^([a-z][a-z-]*):.*##", (ROOT / "Makefile").read_text(), re.M))
    typed = re.findall(r"^[ $]*(?:\w+=\S+ )*make +(?:-\S+ )*((?:[a-z][a-z-]* ?)+)", code(page.read_text()), re.M)
    assert sorted({word for words in typed for word in words.split()} - targets) == []


def scripts() -> list[str]:
    """Return every Python command of README and docs, without its options."""
    found: set[str] = set()
    for page in PAGES:
        found |= set(re.findall(r"(?:`|^\$ |^)python3? (-m [\w.]+|[\w/]+\.py)", page.read_text(), re.M))
    own = [one for one in found if one.split()[-1].replace("/", ".").split(".")[0] in FOLDERS]
    return sorted(set(own) - TO_BE_WRITTEN - {"terraform/apply.py"})  # the options of the last one are Terraform's


def test_there_are_commands():
    assert {"flows/elt.py", "pipelines/postgres.py", "pipelines/replay.py", "-m mock_services"} <= set(scripts())


@pytest.mark.parametrize("command", scripts())
def test_every_python_command_has_help(command):
    done = subprocess.run(
        [sys.executable, *command.split(), "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "usage:" in done.stdout


def test_the_options_that_readme_names_are_the_flows():
    done = subprocess.run([sys.executable, "flows/elt.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    named = set(re.findall(r"`(--[a-z-]+)", README.read_text()))
    assert len(named) >= 4
    assert [option for option in named if option not in done.stdout] == []


def test_readme_is_short_and_begins_with_its_two_commands():
    lines = README.read_text().splitlines()
    assert len(lines) <= LINES
    commands = [line.split("#")[0].strip() for line in lines[:8] if line.startswith("make ")]
    assert commands == ["make run", "make test"]


def test_every_page_of_docs_is_linked():
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    }
    pages = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert [str(page.relative_to(ROOT)) for page in pages if page.resolve() not in linked] == []


def test_decisions_are_numbered_dated_and_indexed():
    folder = ROOT / "docs/adr"
    files = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert [path.name[:4] for path in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    index = (folder / "README.md").read_text()
    for path in files:
        text = path.read_text()
        title = re.match(rf"# {path.name[:4]} (.+)\n\n(\d{{4}}-\d\d-\d\d) · (?:accepted|superseded by)", text)
        assert title, path.name
        assert f"| [{path.name[:4]}]({path.name}) | {title[2]} | {title[1]} |" in index
        parts = re.findall(r"^## (.+)$", text, re.M)
        assert parts == ["Context", "Decision", "Consequences"], path.name


def test_every_page_that_code_names_is_there():
    files = subprocess.run(
        ["git", "ls-files", "*.py", "*.tf", "*.yml", "*.toml", "*.sql", "*.sh", "Makefile", "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    planted = "tests/secrets/test_secrets.py"  # writes files of its own in another repository
    named = {
        (file, page)
        for file in files
        if file != planted and (ROOT / file).exists()
        for page in re.findall(r"(?<![\w/*])docs/[\w/-]+\.md", (ROOT / file).read_text())
    }
    assert len(named) > 20
    assert sorted(f"{file}: {page}" for file, page in named if not (ROOT / page).exists()) == []
