"""Variables and secrets of the workflows: each is there where it is read, and an empty one ends its job in one line."""

import copy
import os
import re
import subprocess

import pytest
import yaml

from tests.workflows import contexts
from tests.workflows.contexts import REFUSE_EMPTY, ROOT, TABLE
from tools.snowflake_smoke.smoke import NEEDED

WORKFLOWS = contexts.workflows()
HELD = contexts.table(TABLE.read_text())
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))

# A typical called workflow: each rule finds something in it or in its caller.
CALLED = yaml.safe_load("""
on: {workflow_call: {}}
jobs:
  smoke:
    if: vars.SNOWFLAKE_ACCOUNT != ''
    environment: snowflake
    runs-on: ubuntu-24.04
    steps:
      - run: make smoke-snowflake
        env: {KEY: "${{ secrets.SNOWFLAKE_LOADER_KEY }}", OTHER: "${{ vars['NOBODY_HAS'] }}"}
""")
CALLER = yaml.safe_load("""
on: push
jobs:
  smoke: {uses: ./.github/workflows/called.yml}
  prod: {needs: smoke, runs-on: ubuntu-24.04, steps: [{run: "true"}]}
""")
BROKEN = {"called.yml": CALLED, "caller.yml": CALLER}


def test_the_table_and_the_workflows_are_read():
    assert len(HELD) >= 12
    assert len(WORKFLOWS) >= 6
    assert contexts.environments(WORKFLOWS["plan.yml"]["jobs"]["plan"]) == ["plan-dev", "plan-prod"]


def test_nothing_is_read_before_its_environment_is_known():
    assert contexts.read_too_early(WORKFLOWS, HELD) == []
    assert contexts.read_too_early(BROKEN, HELD) == [
        "called.yml smoke: if reads vars.SNOWFLAKE_ACCOUNT, which the repository does not hold"
    ]


def test_a_called_workflow_gets_its_secrets_by_name_and_demands_them():
    assert contexts.not_passed(WORKFLOWS, HELD) == []
    assert contexts.not_passed(BROKEN, []) == [
        "caller.yml smoke: called.yml does not declare SNOWFLAKE_LOADER_KEY as required",
        "caller.yml smoke: called.yml reads SNOWFLAKE_LOADER_KEY, which is not passed and so is empty",
    ]
    inheriting = copy.deepcopy(BROKEN)
    inheriting["caller.yml"]["jobs"]["smoke"]["secrets"] = "inherit"
    assert "caller.yml smoke: called.yml inherits every secret" in contexts.not_passed(inheriting, [])
    passing = copy.deepcopy(BROKEN)
    passing["caller.yml"]["jobs"]["smoke"]["secrets"] = {"SNOWFLAKE_LOADER_KEY": "${{ secrets.SNOWFLAKE_LOADER_KEY }}"}
    passing["called.yml"][True]["workflow_call"]["secrets"] = {"SNOWFLAKE_LOADER_KEY": {"required": True}}
    assert contexts.not_passed(passing, []) == []
    assert contexts.not_passed(passing, HELD) == [
        "caller.yml smoke: called.yml reads SNOWFLAKE_LOADER_KEY of an environment, which no caller can pass"
    ]


def test_a_job_that_may_be_skipped_takes_no_other_with_it_unseen():
    assert contexts.skipped_unseen(WORKFLOWS) == []
    assert contexts.skipped_unseen(BROKEN) == ["caller.yml prod: smoke may be skipped, and prod with it, unseen"]


def test_a_first_step_refuses_what_is_empty():
    assert contexts.not_refused(WORKFLOWS, HELD) == []
    assert contexts.not_refused(BROKEN, HELD) == [
        "called.yml smoke: secrets.SNOWFLAKE_LOADER_KEY may be empty, and no first step refuses that",
        "called.yml smoke: vars.NOBODY_HAS may be empty, and no first step refuses that",
    ]
    later = copy.deepcopy(WORKFLOWS)
    steps = later["deploy.yml"]["jobs"]["prod"]["steps"]
    steps.append(steps.pop(1))
    assert "deploy.yml prod: secrets.TERRAFORM_USER_KEY may be empty, and no first step refuses that" in (
        contexts.not_refused(later, HELD)
    )


def test_the_table_is_what_the_workflows_read():
    assert contexts.not_in_the_table(WORKFLOWS, HELD) == []
    assert "called.yml smoke reads the variable NOBODY_HAS, and the table has none of snowflake" in (
        contexts.not_in_the_table(BROKEN, HELD)
    )
    text = TABLE.read_text() + "\n| `dev` | secret | `FORGOTTEN` | nobody |\n"
    assert contexts.not_in_the_table(WORKFLOWS, contexts.table(text)) == [
        "the table has the secret FORGOTTEN of dev, and no job reads it"
    ]


def test_a_job_that_signs_in_to_aws_has_an_environment_that_a_role_trusts():
    """terraform/bootstrap/github.tf and modules/smoke trust these five, and no branch or pull request."""
    trusted = {"dev", "prod", "plan-dev", "plan-prod", "snowflake"}
    signs_in = {
        f"{file} {name}": contexts.environments(job)
        for file, name, job in contexts.jobs(WORKFLOWS)
        if (job.get("permissions") or WORKFLOWS[file].get("permissions") or {}).get("id-token") == "write"
    }
    assert len(signs_in) == 5
    assert {place: names for place, names in signs_in.items() if not names or not set(names) <= trusted} == {}
    assert {name for names in signs_in.values() for name in names} == trusted


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.parent.name)
def test_an_action_gets_everything_as_an_input(path):
    """An action knows no secret, and an input that its job does not give is empty."""
    action = yaml.safe_load(path.read_text())
    assert contexts.reads(action["runs"]) == set()
    assert all(one["required"] for one in action["inputs"].values())
    known = set(re.findall(r"\binputs\.(\w+)", path.read_text()))
    assert known == set(action["inputs"])
    steps = [step for _, _, job in contexts.jobs(WORKFLOWS) for step in job.get("steps", [])]
    calls = [step["with"] for step in steps if step.get("uses") == f"./{path.parent.relative_to(ROOT)}"]
    assert calls
    assert [set(call) for call in calls] == [set(action["inputs"])] * len(calls)


def test_the_smoke_run_gets_every_setting_that_it_asks_for():
    steps = yaml.safe_load((ROOT / ".github/actions/smoke/action.yml").read_text())["runs"]["steps"]
    (given,) = [set(step["env"]) for step in steps if step.get("run") == "make smoke-snowflake"]
    assert sorted(set(NEEDED) - given) == []


@pytest.mark.parametrize("word", ["dev", "prod"])
def test_terraform_gets_every_variable_that_has_no_default(word):
    texts = [path.read_text() for path in (ROOT / f"terraform/environments/{word}").glob("*.tf")]
    blocks = [block for text in texts for block in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}$', text, re.M | re.S)]
    demanded = {f"TF_VAR_{name}" for name, body in blocks if not re.search(r"^  default ", body, re.M)}
    assert len(demanded) >= 4
    actions = [step for path in ACTIONS for step in yaml.safe_load(path.read_text())["runs"]["steps"]]
    steps = actions + [step for _, _, job in contexts.jobs(WORKFLOWS) for step in job.get("steps", [])]
    asks = [step for step in steps if re.search(r"terraform.*\b(apply|plan)\b", step.get("run", ""))]
    assert len(asks) == 3
    assert [sorted(demanded - set(step["env"])) for step in asks] == [[]] * 3


def refuse(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Run the script that refuses empty values, as a runner's shell does."""
    environment = {"PATH": os.environ["PATH"]} | values
    return subprocess.run([ROOT / REFUSE_EMPTY, *arguments], env=environment, capture_output=True, text=True)


def test_an_empty_value_ends_the_job_in_one_line_that_says_what_to_type():
    names = ("vars.DEPLOY_ROLE_ARN", "secrets.TERRAFORM_USER_KEY")
    done = refuse("dev", *names, DEPLOY_ROLE_ARN="arn", TERRAFORM_USER_KEY="")
    assert done.returncode == 1
    assert done.stdout == (
        "::error::The secret TERRAFORM_USER_KEY of the GitHub environment dev is empty. "
        "Type: gh secret set TERRAFORM_USER_KEY --env dev (terraform/README.md says where its value comes from)\n"
    )
    done = refuse("repository", *names)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 2
    assert "Type: gh variable set DEPLOY_ROLE_ARN (terraform" in done.stdout
    assert refuse("dev", "DEPLOY_ROLE_ARN").returncode == 2


def test_null_is_as_good_as_nothing():
    """`jq -r .prod` prints it where there is no prod, and ends well."""
    done = refuse("prod", "vars.DEPLOY_ROLE_ARN", DEPLOY_ROLE_ARN="null")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "::error::The variable DEPLOY_ROLE_ARN of the GitHub environment prod is empty (null). Type:"
    )


def test_what_is_there_is_not_shown():
    value = 'line one\n$(exit 3) "two" `three`'
    done = refuse("dev", "vars.A", "secrets.B", A=value, B=value)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "results",
    ["success skipped skipped", "success success skipped", "success success failure", "failure skipped skipped"],
)
def test_a_deployment_that_stops_half_way_is_red(results):
    assert complete(results, "success") == 1
    assert complete("success success success", "success") == 0


def test_a_deployment_is_green_without_prod_only_where_the_repository_says_that_prod_is_by_hand():
    step = WORKFLOWS["deploy.yml"]["jobs"]["complete"]["steps"][0]
    assert step["env"]["PROD"] == "${{ vars.PROD_BY_HAND == 'true' && 'skipped' || 'success' }}"
    assert complete("success success skipped", "skipped") == 0
    assert [complete(results, "skipped") for results in ("success skipped skipped", "failure skipped skipped")] == [
        1,
        1,
    ]


def complete(results: str, prod: str) -> int:
    """Run the last job's step with the results of dev, smoke and prod, and what prod has to be; return its status."""
    step = WORKFLOWS["deploy.yml"]["jobs"]["complete"]["steps"][0]
    said = iter(results.split())
    text = re.sub(r"\$\{\{ needs\.(\w+)\.result \}\}", lambda _: next(said), step["env"]["RESULTS"])
    environment = os.environ | {"RESULTS": text, "PROD": prod}
    return subprocess.run(["bash", "-e", "-c", step["run"]], env=environment, capture_output=True).returncode


def test_a_commit_is_deployed_to_dev_tried_there_and_then_deployed_to_prod():
    """Checks the text: what a job needs, and with which result."""
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    assert {name: (job.get("needs"), job["if"], job.get("environment")) for name, job in jobs.items()} == {
        "dev": (None, "vars.STATE_BUCKET != ''", "dev"),
        "smoke": ("dev", "${{ !cancelled() && needs.dev.result == 'success' }}", "snowflake"),
        "prod": (
            "smoke",
            "${{ !cancelled() && needs.smoke.result == 'success' && vars.PROD_BY_HAND != 'true' }}",
            "prod",
        ),
        "complete": (["dev", "smoke", "prod"], "${{ always() && vars.STATE_BUCKET != '' }}", None),
    }


def test_a_prod_that_waits_for_its_reviewer_holds_up_no_other_job():
    """A run that waits for an approval holds its workflow's concurrency group, and a job its own."""
    groups = [workflow.get("concurrency", {}).get("group", "") for workflow in WORKFLOWS.values()]
    assert "concurrency" not in WORKFLOWS["deploy.yml"]
    jobs = {
        f"{file} {name}": job["concurrency"] for file, name, job in contexts.jobs(WORKFLOWS) if "concurrency" in job
    }
    assert jobs == {
        f"deploy.yml {name}": {"group": f"deploy-{name}", "cancel-in-progress": False} for name in ("dev", "prod")
    }
    assert [one for one in groups if one.startswith("deploy-")] == []
