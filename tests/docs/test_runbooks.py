"""What a runbook tells somebody to type is there, and the commands that need no account run."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.workflows.contexts import TABLE, table

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
FIRST = ROOT / "docs/runbooks/first-deployment.md"
# Files that are there once somebody has typed the commands.
MADE = {"terraform/bootstrap/terraform.tfstate"}
PARTS = ("Do", "Undo", "Tried", "Doctor")


def blocks(text: str) -> list[str]:
    """Return the commands of a page, block by block."""
    return re.findall(r"^```bash\n(.*?)^```$", text, re.M | re.S)


def stages(text: str) -> dict[str, str]:
    """Return the text of each stage by its number."""
    found = re.split(r"^## Stage (\d+):.*$", text, flags=re.M)
    return dict(zip(found[1::2], found[2::2], strict=True))


def declared(folder: str, kind: str) -> set[str]:
    """Return the names of a Terraform folder's variables or outputs."""
    texts = [path.read_text() for path in (ROOT / folder).glob("*.tf")]
    return {name for text in texts for name in re.findall(rf'^{kind} "(\w+)"', text, re.M)}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.name)
def test_every_command_is_read_by_bash(page):
    for block in blocks(page.read_text()):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.name)
def test_every_file_target_and_workflow_that_it_names_is_there(page):
    text = page.read_text()
    files = set(
        re.findall(r"(?<![\w/.-])((?:\.github|bootstrap|dbt|docs|flows|pipelines|terraform|tests)/[\w./-]*\w)", text)
    )
    assert sorted(file for file in files - MADE if not (ROOT / file).exists()) == []
    links = re.findall(r"\]\(([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    targets = set(re.findall(r"^([a-z][a-z-]*):.*##", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^|\s)make (?:-s )?([a-z][a-z-]+)", text, re.M)) - {"sure"}
    assert sorted(named - targets) == []
    names = {yaml.safe_load(path.read_text())["name"] for path in (ROOT / ".github/workflows").glob("*.yml")}
    assert set(re.findall(r"gh (?:workflow run|run list --workflow) ([\w-]+)", text)) <= names


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.name)
def test_every_output_variable_and_macro_that_it_names_is_there(page):
    text = page.read_text().replace("\\\n", " ")
    for folder, rest in re.findall(r"terraform -chdir=(terraform/[\w/-]+) ([^\n]*)", text):
        assert set(re.findall(r"output (?:-json )?(\w+)", rest)) <= declared(folder, "output")
        assert set(re.findall(r"-var (\w+)=", rest)) <= declared(folder, "variable")
    assert set(re.findall(r"TF_VAR_(\w+)=", text)) <= declared("terraform/environments/dev", "variable")
    macros = "".join(path.read_text() for path in (ROOT / "dbt/macros").glob("*.sql"))
    assert [name for name in re.findall(r"run-operation (\w+)", text) if f"macro {name}(" not in macros] == []
    deployments = {f"elt/{one['name']}" for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    assert set(re.findall(r"deployment run (\S+)", text)) <= deployments


def test_each_stage_says_what_to_do_how_to_undo_it_what_was_tried_and_asks_the_doctor():
    every = stages(FIRST.read_text())
    assert len(every) >= 10
    for number, text in every.items():
        assert [part for part in PARTS if f"**{part}**" not in text] == [], number
        assert re.search(r"MAILBLAZE_ENV=(dev|prod) make doctor|\*\*Doctor\*\* as before", text), number
        if re.search(r"^ *(gh|aws|terraform) |\$\((gh|aws|terraform) ", "".join(blocks(text)), re.M):
            assert "not tried here" in " ".join(text.partition("**Tried**")[2].split()), number


def test_every_secret_has_a_command_that_puts_its_value():
    settings = (ROOT / "terraform/modules/platform/settings.tf").read_text()
    secrets = set(re.findall(r'"(\w+)"', settings.partition("secrets = ")[2]))
    assert len(secrets) >= 5
    assert sorted(secrets - set(re.findall(r"^put (\w+) ", FIRST.read_text(), re.M))) == []


@pytest.fixture
def machine(tmp_path) -> Path:
    """A folder with a `gh` that notes what it is asked, an `aws` and a `terraform` that answer; the rest is real."""
    if not shutil.which("jq") or not shutil.which("openssl"):
        pytest.skip("jq or openssl is not installed")
    arns = {word: f"arn:aws:iam::123456789012:role/of-{word}" for word in ("dev", "prod")}
    scripts = {
        "gh": f'{{ printf "%s\\x1f" "$@"; cat; printf "\\x1e"; }} >> {tmp_path}/asked; echo 7',
        "aws": "echo 123456789012",
        "terraform": f"echo '{json.dumps(arns)}'",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_its_commands_make_the_keys_and_set_all_that_github_has_to_hold(machine):
    every = stages(FIRST.read_text())
    names, *_ = blocks(every["0"])
    commands = [line for line in names.splitlines() if not line.startswith("make ")]
    commands += ["export AWS_ACCOUNT=123456789012", *blocks(every["3"]), *blocks(every["4"]), *blocks(every["5"])]
    environment = {"HOME": str(machine), "PATH": f"{machine}:{os.environ['PATH']}", "EDITOR": "true"}
    command = ["bash", "-eu", "-c", "\n".join(commands)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    keys = machine / "mailblaze-keys"
    assert {path.stat().st_mode & 0o077 for path in keys.rglob("*") if path.is_file()} == {0}
    assert_company_is_what_terraform_asks_for(json.loads((keys / "dev/company.json").read_text()))
    sql = (keys / "prod/snowflake.sql").read_text()
    assert "PUBLIC KEY OF" not in sql
    assert (keys / "prod/terraform_planner.pub").read_text() in sql
    asked = [one.split("\x1f") for one in (machine / "asked").read_text().split("\x1e") if one]
    held = set()
    for words in asked:
        if words[:2] in (["variable", "set"], ["secret", "set"]):
            holder = words[words.index("--env") + 1] if "--env" in words else "repository"
            value = words[words.index("--body") + 1] if "--body" in words else words[-1]
            assert len(value) > 3, words
            assert words[0] == "variable" or "PRIVATE KEY" in value, words
            held.add((holder, words[0], words[2]))
    wanted = {
        (holder, one.kind, one.name)
        for one in table(TABLE.read_text())
        if not one.is_optional
        for holder in one.holders
    }
    assert held == wanted
    put = {words[3].rpartition("/")[2]: words for words in asked if words[:3] == ["api", "--method", "PUT"]}
    assert set(put) == {holder for holder, _, _ in wanted} - {"repository"}
    assert {name for name, words in put.items() if '"reviewers"' in words[-1]} == {"prod", "plan-prod"}
    assert {name for name, words in put.items() if "custom_branch_policies" in words[-1]} == {
        "dev",
        "prod",
        "snowflake",
    }


def assert_company_is_what_terraform_asks_for(company: dict) -> None:
    text = (ROOT / "terraform/modules/platform/variables.tf").read_text()
    parts = re.search(r'variable "company" \{\n  type = object\(\{\n(.*?)^  \}\)$', text, re.M | re.S)[1]
    known = dict(re.findall(r"^    (\w+)\s+= (\w+)", parts, re.M))
    assert set(company) <= set(known)
    assert {name for name, kind in known.items() if kind != "optional"} <= set(company)
    assert set(company["public_keys"]) == {"LOADER", "TRANSFORMER", "REPORTER"}
    assert all(len(one["current"]) > 300 and "-" not in one["current"] for one in company["public_keys"].values())
