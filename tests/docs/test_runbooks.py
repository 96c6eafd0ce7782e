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

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
FIRST = ROOT / "docs/runbooks/first-deployment.md"
PEM = "-----BEGIN " + "PRIVATE KEY-----"
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
    assert sorted(file for file in files if not (ROOT / file).exists()) == []
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


@pytest.fixture
def machine(tmp_path) -> Path:
    """A folder with a `gh` that notes what it is asked, an `aws` and a `terraform` that answer; the rest is real.

    Its `openssl` gives each user the same word for a key, for real ones take half a second each.
    """
    if not shutil.which("jq") or not shutil.which("openssl"):
        pytest.skip("jq or openssl is not installed")
    note = f'printf "%s\\x1f" "$@"; printf "\\x1e"; }} >> {tmp_path}'
    roles = {word: f"arn:aws:iam::123456789012:role/of-{word}" for word in ("dev", "prod")}
    per_state = [f"*/{word}.tfstate*) echo '{json.dumps({word: arn})}' ;;" for word, arn in roles.items()]
    of_both = f"*/both.tfstate*) echo '{json.dumps(roles)}' ;;"
    scripts = {
        "gh": f"""{{ printf "%s\\x1f" "$@"; cat; printf "\\x1e"; }} >> {tmp_path}/gh.asked
case "$*" in *protection_rules*) cat {tmp_path}/rules ;; *) echo 7 ;; esac""",
        "aws": f"{{ {note}/aws.asked\necho 123456789012",
        "openssl": f"""case "$1" in genrsa) ;; pkcs8) echo "{PEM}" > "${{@: -1}}" ;; rsa) echo of-its-own ;; esac""",
        "docker": f"cat > /dev/null\n{{ {note}/docker.asked",
        "terraform": f"""{{ {note}/terraform.asked
case "$*" in *" show -json"*) echo '{{}}' ;; {" ".join([*per_state, of_both])} *) echo '{{}}' ;; esac""",
    }
    (tmp_path / "rules").write_text("branch_policy\nrequired_reviewers\n")
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(machine: Path, *commands: str, **settings: str) -> None:
    """Type stage 0's names and further commands of the page on that machine."""
    names, *_ = blocks(stages(FIRST.read_text())["0"])
    lines = [line for line in names.splitlines() if not line.startswith("make ")]
    lines += [f"export {name}={value!r}" for name, value in settings.items()]
    environment = {"HOME": str(machine), "PATH": f"{machine}:{os.environ['PATH']}", "EDITOR": "true"}
    command = ["bash", "-euo", "pipefail", "-c", "\n".join([*lines, *commands])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]


def to_stage_5(machine: Path, **settings: str) -> None:
    """Type everything up to stage 5 but stage 1, which makes the repository."""
    every = stages(FIRST.read_text())
    ids = {"OWNER_ID": "5", "REPOSITORY_ID": "6"}
    run(machine, *(block for number in "2345" for block in blocks(every[number])), **ids, **settings)


def asked(machine: Path, program: str) -> list[list[str]]:
    """Return the arguments of each call of a program; of gh with its input behind them."""
    path = machine / f"{program}.asked"
    return [one.split("\x1f") for one in path.read_text().split("\x1e") if one] if path.exists() else []


def held(machine: Path) -> dict[tuple[str, str, str], str]:
    """Return the value of each variable and secret that GitHub was given, by (holder, kind, name)."""
    found = {}
    for words in asked(machine, "gh"):
        if words[:2] in (["variable", "set"], ["secret", "set"]):
            holder = words[words.index("--env") + 1] if "--env" in words else "repository"
            value = words[words.index("--body") + 1] if "--body" in words else words[-1]
            found[holder, words[0], words[2]] = value
    return found


def wanted() -> set[tuple[str, str, str]]:
    rows = [one for one in table(TABLE.read_text()) if not one.is_optional]
    return {(holder, one.kind, one.name) for one in rows for holder in one.holders}


def test_its_commands_make_the_keys_and_set_all_that_github_has_to_hold(machine):
    (machine / "openssl").unlink()  # the real one
    to_stage_5(machine)
    keys = machine / "mailblaze-keys"
    assert {path.stat().st_mode & 0o077 for path in keys.rglob("*") if path.is_file()} == {0}
    assert_company_is_what_terraform_asks_for(json.loads((keys / "dev/company.json").read_text()))
    sql = (keys / "prod/snowflake.sql").read_text()
    assert "PUBLIC KEY OF" not in sql
    assert (keys / "prod/terraform_planner.pub").read_text() in sql
    given = held(machine)
    assert set(given) == wanted()
    assert [key for key, value in given.items() if len(value) < 4 or "null" in value] == []
    assert [key for key, value in given.items() if key[1] == "secret" and "PRIVATE KEY" not in value] == []
    put = {
        words[3].rpartition("/")[2]: words for words in asked(machine, "gh") if words[:3] == ["api", "--method", "PUT"]
    }
    assert set(put) == {holder for holder, _, _ in given} - {"repository"}
    assert {name for name, words in put.items() if '"reviewers"' in words[-1]} == {"prod", "plan-prod"}
    assert {name for name, words in put.items() if "custom_branch_policies" in words[-1]} == {
        "dev",
        "prod",
        "snowflake",
    }


def test_nothing_of_prod_is_in_github_where_no_reviewer_is_asked(machine):
    (machine / "rules").write_text("branch_policy\n")
    to_stage_5(machine)
    given = held(machine)
    assert set(given) == {key for key in wanted() if "prod" not in key[0]} | {
        ("repository", "variable", "PROD_BY_HAND")
    }
    assert given["repository", "variable", "PROD_BY_HAND"] == "true"


def test_each_environment_may_have_an_aws_account_of_its_own(machine):
    to_stage_5(machine, ACCOUNTS="dev prod")
    given = held(machine)
    by_environment = {(name, "variable", "STATE_BUCKET") for name in ("dev", "prod", "plan-dev", "plan-prod")}
    assert set(given) == wanted() | by_environment
    for word in ("dev", "prod"):
        assert given[word, "variable", "DEPLOY_ROLE_ARN"].endswith(f"of-{word}")
        assert given[f"plan-{word}", "variable", "PLAN_ROLE_ARN"].endswith(f"of-{word}")
        assert given[word, "variable", "STATE_BUCKET"].endswith(f"-{word}")
        values = json.loads((machine / f"mailblaze-keys/{word}.tfvars.json").read_text())
        assert values["environments"] == [word]
        assert values["state_bucket"] == given[word, "variable", "STATE_BUCKET"]
    applied = [words for words in asked(machine, "terraform") if "apply" in words]
    assert len({word for words in applied for word in words if word.startswith("-state=")}) == 2


def test_the_values_of_bootstrap_are_a_file_with_its_variables(machine):
    """A flag that somebody has to type each time is forgotten once, and what it made is removed."""
    to_stage_5(machine)
    values = json.loads((machine / "mailblaze-keys/both.tfvars.json").read_text())
    assert set(values) <= declared("terraform/bootstrap", "variable")
    assert {"state_bucket", "github_repository", "github_owner_id", "github_repository_id", "activate_cost_tag"} <= set(
        values
    )
    assert not re.search(r"terraform/bootstrap (?:apply|destroy)[^\n]* -var ", FIRST.read_text().replace("\\\n", " "))
    tag = re.search(
        r'resource "aws_ce_cost_allocation_tag".*?^}$', (ROOT / "terraform/bootstrap/main.tf").read_text(), re.M | re.S
    )
    assert "prevent_destroy = true" in tag[0]


def test_dev_and_prod_have_a_prefect_server_each(machine):
    to_stage_5(machine)
    urls = {
        json.loads((machine / f"mailblaze-keys/{word}/company.json").read_text())["prefect_url"]
        for word in ("dev", "prod")
    }
    assert len(urls) == 2


@pytest.mark.parametrize("word", ["dev", "prod"])
@pytest.mark.parametrize("auth", ["api_key", "basic", "none"])
def test_each_secret_that_has_a_place_gets_its_value_without_a_last_newline(machine, auth, word):
    to_stage_5(machine)
    keys = machine / "mailblaze-keys" / word
    for name in ("postgres", "saas", "prefect"):
        (keys / name).write_text(f"value of {name}\n")
    company = json.loads((keys / "company.json").read_text()) | {"prefect_auth": auth}
    (keys / "company.json").write_text(json.dumps(company))
    (block,) = [one for one in blocks(stages(FIRST.read_text())["6"]) if "\nput " in one]
    run(machine, block.replace("use dev", f"use {word}", 1))
    puts = [words for words in asked(machine, "aws") if words[1:2] == ["put-secret-value"]]
    values = {words[words.index("--secret-id") + 1]: words[words.index("--secret-string") + 1] for words in puts}
    text = (ROOT / "terraform/modules/platform/settings.tf").read_text().partition("secrets = ")[2]
    of_auth = dict(re.findall(r'(\w+) = \["(PREFECT_\w+)"\]', text))
    always = set(re.findall(r'"(\w+)"', text)) - set(of_auth.values())
    assert len(always) >= 4
    places = always | {name for key, name in of_auth.items() if key == auth}
    assert set(values) == {f"dp-mailblaze-demo-{word}/{name}" for name in places}
    files = ("loader.p8", "transformer.p8", "postgres", "saas", *(["prefect"] if auth in of_auth else []))
    assert sorted(values.values()) == sorted((keys / name).read_text().rstrip("\n") for name in files)
    assert len(puts) == len(places)


def test_prod_by_hand_is_what_the_deployment_does(machine):
    """The registry, the image, everything: Terraform's and docker's calls, in this order, of this commit."""
    to_stage_5(machine)
    for name in ("terraform", "docker"):
        (machine / f"{name}.asked").unlink(missing_ok=True)
    (block,) = [one for one in blocks(stages(FIRST.read_text())["8"]) if "docker push" in one]
    run(machine, block)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    assert [words[0] for words in asked(machine, "docker")] == ["login", "build", "push"]
    assert (
        asked(machine, "docker")[-1][1]
        == f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/dp-mailblaze-demo-prod:{commit}"
    )
    calls = [words for words in asked(machine, "terraform") if "environments/prod" in words[0]]
    assert [words[1] for words in calls] == ["init", "plan", "show", "apply", "plan", "show", "apply"]
    targets = [[word for word in words if word.startswith("-target=")] for words in calls if words[1] == "plan"]
    action = (ROOT / ".github/actions/deploy/action.yml").read_text()
    assert targets == [re.findall(r"-target=\S+", action), []]


def test_the_first_run_is_typed_for_either_environment():
    """Nobody's worker is up on the day that this is typed: prod's run needs the commands that start it, too."""
    every = stages(FIRST.read_text())
    commands = "".join(blocks(every["7"]))
    assert "register-scalable-target" in commands
    assert re.findall(r"dp-mailblaze-demo-[$\w]+", commands) == ["dp-mailblaze-demo-$word"] * 2
    assert "**Do** stage 7's three commands" in every["9"]


def test_no_later_command_needs_a_key_that_is_deleted():
    every = stages(FIRST.read_text())
    *before, last = blocks(every["9"])
    deleted = {Path(name).name for line in re.findall(r"rm -f (.*)", last) for name in line.split()}
    assert {"loader.p8", "transformer.p8", "postgres", "prefect"} <= deleted
    assert not {"terraform_admin.p8", "company.json"} & deleted
    assert not any(re.search(r"\brm\b", block) for number in "12345678" for block in blocks(every[number]))
    assert not any(re.search(r"\brm\b", block) for block in before)
    used = {Path(name).name for block in blocks(every["10"]) for name in re.findall(r'\$KEYS/[^\s")]+', block)}
    assert "company.json" in used
    assert used & deleted == set()


def test_the_ruleset_demands_the_jobs_of_ci():
    (text,) = re.findall(r"<< 'JSON'\n(.*?)^JSON$", FIRST.read_text(), re.M | re.S)
    rules = {rule["type"]: rule.get("parameters", {}) for rule in json.loads(text)["rules"]}
    demanded = {one["context"] for one in rules["required_status_checks"]["required_status_checks"]}
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    names = set()
    for name, job in jobs.items():
        rows = job.get("strategy", {}).get("matrix", {}).get("include", [])
        names |= {f"{name} ({', '.join(row.values())})" for row in rows} or {name}
    assert demanded == names
    assert rules["required_status_checks"]["strict_required_status_checks_policy"] is True
    assert rules["pull_request"]["required_approving_review_count"] == 1


def assert_company_is_what_terraform_asks_for(company: dict) -> None:
    text = (ROOT / "terraform/modules/platform/variables.tf").read_text()
    parts = re.search(r'variable "company" \{\n  type = object\(\{\n(.*?)^  \}\)$', text, re.M | re.S)[1]
    known = dict(re.findall(r"^    (\w+)\s+= (\w+)", parts, re.M))
    assert set(company) <= set(known)
    assert {name for name, kind in known.items() if kind != "optional"} <= set(company)
    assert set(company["public_keys"]) == {"LOADER", "TRANSFORMER", "REPORTER"}
    assert all(len(one["current"]) > 300 and "-" not in one["current"] for one in company["public_keys"].values())
