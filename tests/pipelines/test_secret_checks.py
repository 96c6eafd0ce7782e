"""The doctor finds each secret without a value, on moto's Secrets Manager, and accepts that it may not look."""

import re
from base64 import b64encode
from pathlib import Path

import boto3
import pytest
from fastapi import FastAPI, Request, Response
from moto import mock_aws

from exactly_once.errors import PipelineError
from pipelines.configuration.prefect_api import PrefectApi
from pipelines.diagnostics import environment_checks, secret_checks
from pipelines.diagnostics.secret_checks import PREFECT_SECRETS, REQUIRED_SECRETS, check_secrets
from tests.support.platform import serve

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NAME = "dp-mailblaze-demo-dev"


@pytest.fixture
def manager(monkeypatch):
    """Secrets Manager as `terraform apply` leaves it: secrets without a value."""
    monkeypatch.setenv("MAILBLAZE_ENV", "dev")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mock")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mock")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        for setting in (*REQUIRED_SECRETS, "PREFECT_API_KEY"):
            client.create_secret(Name=f"{NAME}/{setting}")
        yield client


def put(client, *settings: str) -> None:
    for setting in settings:
        client.put_secret_value(SecretId=f"{NAME}/{setting}", SecretString="a value")


def test_each_empty_one_is_named_with_the_command_that_puts_its_value(manager):
    put(manager, *REQUIRED_SECRETS[1:])
    with pytest.raises(PipelineError) as refusal:
        check_secrets()
    assert str(refusal.value).startswith(
        f"no value in {REQUIRED_SECRETS[0]}, PREFECT_API_KEY, and ECS starts no task before: "
    )
    assert f'"$(cat VALUE)" --secret-id {NAME}/PREFECT_API_KEY`' in str(refusal.value)


def test_all_with_a_value_are_well(manager):
    put(manager, *REQUIRED_SECRETS, "PREFECT_API_KEY")
    assert check_secrets() == "each of 5 has a value"


def test_a_prefect_that_asks_nobody_needs_none(manager):
    put(manager, *REQUIRED_SECRETS)
    manager.delete_secret(SecretId=f"{NAME}/PREFECT_API_KEY", ForceDeleteWithoutRecovery=True)
    assert check_secrets() == "each of 4 has a value"


def test_one_that_is_not_there_is_named(manager):
    manager.delete_secret(SecretId=f"{NAME}/{REQUIRED_SECRETS[0]}", ForceDeleteWithoutRecovery=True)
    with pytest.raises(PipelineError, match=f"{NAME}/{REQUIRED_SECRETS[0]}: not there; `terraform apply` makes it"):
        check_secrets()


def test_a_sign_in_that_may_not_look_is_no_fault(monkeypatch):
    from botocore.exceptions import ClientError, NoCredentialsError

    class Refuses:
        def __init__(self, error):
            self.error = error

        def describe_secret(self, **_):
            raise self.error

    monkeypatch.setenv("MAILBLAZE_ENV", "prod")
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeSecret")
    assert check_secrets(Refuses(denied)).startswith(
        "not looked at: this AWS sign-in may not secretsmanager:DescribeSecret"
    )
    assert check_secrets(Refuses(NoCredentialsError())).startswith("not looked at: ")


def test_the_list_is_terraforms():
    text = (ROOT / "terraform/modules/platform/settings.tf").read_text()
    found = re.findall(r'"([A-Z_]+)"', text[text.index("secrets = setunion(") :])
    assert set(found) == {*REQUIRED_SECRETS, *PREFECT_SECRETS}
    table = (
        (ROOT / "docs/security.md").read_text().partition("### Secrets that must have a value")[2].partition("\n#")[0]
    )
    assert set(re.findall(r"^\| `([A-Z_]+)`", table, re.M)) == {*REQUIRED_SECRETS, *PREFECT_SECRETS}
    assert secret_checks.REGION in (ROOT / "terraform/environments/dev/providers.tf").read_text()


def test_a_request_signs_in_as_prefects_client_does(monkeypatch):
    cloud, own = PrefectApi("https://api.prefect.example/api"), PrefectApi("http://127.0.0.1:4200/api")
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    monkeypatch.setenv("PREFECT_API_KEY", "k")
    assert cloud.headers() == {"Authorization": "Bearer k"}
    assert own.headers() == {}
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", ":".join(["admin", "pass"]))
    assert own.headers() == {"Authorization": "Basic YWRtaW46cGFzcw=="}


def test_a_server_behind_user_and_password_is_signed_in_to(monkeypatch):
    """As with `PREFECT_SERVER_API_AUTH_STRING`; its health endpoint needs no sign-in."""
    pair, app = ":".join(["admin", "pass"]), FastAPI()
    app.get("/api/health")(lambda: True)

    @app.post("/api/flows/count")
    def count(request: Request, response: Response) -> int:
        is_known = request.headers.get("authorization") == f"Basic {b64encode(pair.encode()).decode()}"
        response.status_code = 200 if is_known else 401
        return 0

    monkeypatch.setenv("MAILBLAZE_ENV", "dev")
    monkeypatch.delenv("PREFECT_API_KEY", raising=False)
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    with serve(app) as url:
        monkeypatch.setenv("PREFECT_API_URL", f"{url}/api")
        with pytest.raises(
            PipelineError, match=r"asks for a sign-in \(401\): set PREFECT_API_KEY or, .*PREFECT_API_AUTH_STRING"
        ):
            environment_checks.check_prefect()
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "another")
        with pytest.raises(PipelineError, match="refuses the sign-in"):
            environment_checks.check_prefect()
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", pair)
        assert environment_checks.check_prefect() == f"{url}/api"
