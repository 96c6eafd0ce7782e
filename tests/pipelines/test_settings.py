"""Settings count by our names only, and an invalid one is one line that names it as it is typed."""

import json
import os
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest
import requests
from dlt.common.runtime.run_context import RunContext
from snowflake.connector.vendored import requests as snowflake_requests

from exactly_once.errors import PipelineError, user_message
from pipelines import postgres, registry, saas
from pipelines.configuration import providers, settings, shell
from pipelines.configuration.local_services import LOCAL_SERVICES, LocalService
from pipelines.configuration.lookup import find_setting
from pipelines.configuration.providers import is_full_name
from pipelines.configuration.settings import missing, require
from pipelines.configuration.value_checks import VALUE_CHECKS, check_values
from pipelines.diagnostics import effective_settings
from pipelines.doctor import doctor_context
from pipelines.environment import data_dir, environment
from pipelines.registry import Source
from pipelines.run_context import MailBlazeContext
from tests.support.platform import KEYS, TOKEN

ROOT = Path(__file__).parents[2]
BARE = {
    "BASE_URL": "http://127.0.0.1:1",
    "API_KEY": "foreign",
    "SWEEP": "false",
    "SCHEMA": "foreign",
    "CREDENTIALS": "postgresql://127.0.0.1:1/foreign",
    "BUCKET_URL": "/nowhere",
    "DATABASE": "foreign",
    "HOST": "foreign",
    "WORKERS": "0",
    "DATASET_NAME": "foreign",
    "DESTINATION": "foreign",
    # partial ones
    "SOURCES__BASE_URL": "http://127.0.0.1:1",
    "SAAS__API_KEY": "foreign",
    "SOURCES__CREDENTIALS": "postgresql://127.0.0.1:1/foreign",
    "POSTGRES__CREDENTIALS": "postgresql://127.0.0.1:1/foreign",
    "CREDENTIALS__DATABASE": "foreign",
    "DESTINATION__CREDENTIALS__DATABASE": "foreign",
    "DESTINATION__BUCKET_URL": "/nowhere",
    "LAKE__BUCKET_URL": "/nowhere",
    "SOURCES__SCHEMA": "foreign",
    "PIPELINES__POSTGRES__DATASET_NAME": "foreign",
}


def set_all(monkeypatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def own_settings(platform, monkeypatch):
    """The platform's addresses under their full names, and no services.json."""
    set_all(
        monkeypatch,
        {
            "SOURCES__POSTGRES__CREDENTIALS": platform.postgres_url,
            "SOURCES__SAAS__BASE_URL": platform.saas_url,
            "SOURCES__SAAS__API_KEY": TOKEN,
            "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": platform.s3_url,
            "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID": "test",
            "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY": "test",
            "DESTINATION__LAKE__CREDENTIALS__REGION_NAME": "us-east-1",
        },
    )
    (platform.data_dir / "services.json").unlink()
    return platform


@pytest.mark.slow
def test_a_load_takes_nothing_from_bare_and_partial_names(platform, monkeypatch, few_tables):
    postgres.load()
    platform.source("delete from contacts where contact_id in (select contact_id from contacts order by 1 limit 3)")
    set_all(monkeypatch, BARE)
    report = postgres.load()
    assert report.tables["postgres_contacts"].extracted == 3, "deletes are looked for, whatever SWEEP says"
    assert saas.load().tables["saas_campaigns"].in_raw > 0
    assert providers.ignored_names >= {
        "BASE_URL",
        "API_KEY",
        "SWEEP",
        "CREDENTIALS",
        "SOURCES__BASE_URL",
    }


def test_a_name_counts_with_its_sections(monkeypatch, addresses):
    full = [("sources", "saas"), ("sources", "saas", "saas"), ("destination", "lake", "credentials"), ("lease",)]
    partial = [(), ("sources",), ("destination",), ("credentials",), ("destination", "credentials"), ("saas",)]
    assert [is_full_name(sections) for sections in (*full, *partial)] == [True] * len(full) + [False] * len(partial)
    monkeypatch.setenv("SAAS__SOURCES__SAAS__LAG", "5")
    found = find_setting("sources.saas.lag", "saas")
    assert (found.name, found.value, found.origin) == ("SAAS__SOURCES__SAAS__LAG", "5", "the shell")
    assert doctor_context().source_settings(saas.saas, "saas").lag == 5


def test_files_count_by_full_names_and_only_those_of_this_folder(tmp_path, monkeypatch):
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/secrets.toml").write_text(
        'api_key = "bare"\n[sources]\nbase_url = "partial"\n[sources.saas]\nlag = 7\nbase_url = ""\n'
    )
    monkeypatch.setenv("DLT_PROJECT_DIR", "/foreign")
    context = MailBlazeContext(str(tmp_path))
    _, secrets, config, _ = context.initial_providers()
    assert secrets.locations == [str(tmp_path / ".dlt/secrets.toml")], "no file of the user's home"
    assert config.locations == [str(tmp_path / ".dlt/config.toml")]
    assert RunContext(str(tmp_path)).run_dir == "/foreign", "what dlt itself would do"

    def answers(key: str, *sections: str):
        return secrets.get_value(key, str, None, *sections)[0]

    assert (answers("lag", "sources", "saas"), answers("api_key"), answers("base_url", "sources")) == (7, None, None)
    assert answers("base_url", "sources", "saas") is None, "an empty value is none"
    assert "sources.base_url of .dlt/secrets.toml" in providers.ignored_names


@pytest.fixture
def addresses(tmp_path, monkeypatch) -> Path:
    """A data folder whose services.json names services that no test contacts."""
    names = ("postgres_url", "saas_url", "saas_token", "s3_endpoint_url")
    services = dict.fromkeys(names, "http://127.0.0.1:1") | {"s3_credentials": KEYS}
    (tmp_path / "services.json").write_text(json.dumps(services))
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOAD__WORKERS", "0"),
        ("LOAD__WORKERS", "many"),
        ("NORMALIZE__WORKERS", "-1"),
        ("EXTRACT__WORKERS", "1.5"),
        ("RUNTIME__LOG_LEVEL", "XX"),
        ("SCHEMA__NAMING", "direct"),
        ("SOURCES__POSTGRES__SEARCH_PATH", "pg_catalog, it's"),
        ("SOURCES__POSTGRES__SCHEMA", 'pub"lic'),
        ("SOURCES__POSTGRES__CHUNK_SIZE", "0"),
        ("SOURCES__POSTGRES__CONNECTIONS", "0"),
        ("SOURCES__POSTGRES__GUARD", "nan"),
        ("LEASE__TTL", "abc"),
        ("LEASE__TTL", "-1"),
        ("DESTINATION__LAKE__BUCKET_URL", "s3://one-for-all/"),
        ("DLT_USE_JSON", "simplejson"),
        ("POSTGRES__DESTINATION__LAKE__BUCKET_URL", "nonsense://x"),
        ("POSTGRES__DESTINATION__LAKE__BUCKET_URL", "s3://"),
        ("DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL", "nonsense"),
        ("SOURCES__SAAS__BASE_URL", "ftp://x"),
        ("SOURCES__SAAS__BASE_URL", "http://"),
        ("SOURCES__SAAS__BASE_URL", "http://host:x"),
        ("SAAS__SOURCES__SAAS__BASE_URL", "api.example.com"),
        ("SOURCES__SAAS__WINDOWS", "65"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named_as_typed(addresses, monkeypatch, name, value):
    whole = {"SOURCES__SAAS__BASE_URL": "http://127.0.0.1:1", "SOURCES__SAAS__API_KEY": "x"}
    lake = {f"DESTINATION__LAKE__CREDENTIALS__{key.upper()}": value for key, value in KEYS.items()}
    set_all(monkeypatch, whole | lake | {"DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": "http://127.0.0.1:1"})
    monkeypatch.setenv(name, value)
    with pytest.raises(PipelineError) as refused:
        postgres.load()
    assert str(refused.value).startswith(f"{name} is ")
    assert [path.name for path in addresses.iterdir()] == ["services.json"]


def test_what_is_set_by_default_can_be_meant(addresses):
    check_values()
    assert all("." in name for name in VALUE_CHECKS)


def test_an_empty_value_is_unset(addresses, monkeypatch):
    before = find_setting("sources.saas.base_url"), data_dir()
    for name in ("SOURCES__SAAS__BASE_URL", "SOURCES__SAAS__API_KEY", "LEASE__TTL", "RUNTIME__LOG_LEVEL", "BASE_URL"):
        monkeypatch.setenv(name, "")
    check_values()
    assert (find_setting("sources.saas.base_url"), data_dir()) == before
    assert doctor_context().source_settings(saas.saas, "saas").api_key == "http://127.0.0.1:1"
    monkeypatch.setenv("MAILBLAZE_ENV", "")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", "")
    monkeypatch.setenv("SNOWFLAKE_USER", "")
    assert (environment().name, data_dir()) == ("local", Path.cwd() / ".data")


@pytest.mark.slow
def test_a_source_with_its_own_settings_needs_no_services(own_settings, few_tables):
    assert postgres.load().tables["postgres_lists"].in_raw > 0
    assert saas.load().tables["saas_campaigns"].in_raw > 0
    assert find_setting("sources.saas.base_url").origin == "the shell"


def test_without_services_the_missing_names_are_said(own_settings, monkeypatch):
    monkeypatch.delenv("SOURCES__SAAS__BASE_URL")
    monkeypatch.delenv("SOURCES__SAAS__API_KEY")
    postgres_is_set = missing(["postgres"])
    with pytest.raises(PipelineError) as refused:
        saas.load()
    assert postgres_is_set == {}
    line = "To go on, type `make up`, or set them in the shell"
    assert str(refused.value).startswith(
        f"Not set on ci: saas: SOURCES__SAAS__BASE_URL, SOURCES__SAAS__API_KEY. {line}"
    )


SECRET = "a-token-of-services"  # noqa: S105
HALVES = {
    "SOURCES__SAAS__BASE_URL": "SOURCES__SAAS__API_KEY",
    "SAAS__SOURCES__SAAS__BASE_URL": "SOURCES__SAAS__API_KEY",
    "SOURCES__SAAS__SAAS__BASE_URL": "SOURCES__SAAS__API_KEY",
    "SOURCES__SAAS__API_KEY": "SOURCES__SAAS__BASE_URL",
    "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL": "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID",
    "POSTGRES__DESTINATION__LAKE__BUCKET_URL": "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL",
}


@pytest.mark.parametrize(("name", "other"), HALVES.items())
def test_half_a_service_gets_nothing_of_services_json(addresses, monkeypatch, name, other):
    services = json.loads((addresses / "services.json").read_text())
    secrets = {"saas_token": SECRET, "s3_credentials": KEYS | {"aws_secret_access_key": SECRET}}
    (addresses / "services.json").write_text(json.dumps(services | secrets))
    given = "sources.saas.api_key" if "SAAS" in name else "destination.lake.credentials.aws_secret_access_key"
    assert find_setting(given).value == SECRET
    assert missing(registry.SOURCES) == {}
    monkeypatch.setenv(name, "s3://mine/x/" if name.endswith("BUCKET_URL") else "http://127.0.0.1:2")
    part = "lake" if "LAKE" in name else "saas"
    load = saas.load if part == "saas" else postgres.load
    assert other in missing(registry.SOURCES)[part]
    with pytest.raises(PipelineError, match=rf"^Not set on ci: {part}: .*{other}.*\. To go on, set them in the shell"):
        load()
    assert find_setting(given).value != SECRET


def test_half_a_file_gets_nothing_of_services_json_either(addresses, monkeypatch, tmp_path):
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/secrets.toml").write_text('[sources.saas]\napi_key = "mine"\n[sources.postgres]\nlag = 1\n')
    *_, services = MailBlazeContext(str(tmp_path)).initial_providers()

    def given(key: str, *sections: str):
        return services.get_value(key, str, None, *sections)[0]

    assert (given("base_url", "sources", "saas"), given("credentials", "sources", "postgres")) == (
        None,
        "http://127.0.0.1:1",
    )
    monkeypatch.setenv("SOURCES__POSTGRES__CREDENTIALS__HOST", "db.example")
    assert given("credentials", "sources", "postgres") is None, "no password for another host"


def test_a_part_that_make_up_brings_is_told(addresses):
    line = "Not set on ci: prefect: PREFECT_API_URL. To go on, type `make up`, or set them in the shell"
    with pytest.raises(PipelineError, match=f"^{line}"):
        settings.require(registry.SOURCES, prefect=True)


def test_a_service_of_somebody_s_own_is_not_started_by_make_up(addresses, monkeypatch):
    up = "`make up` starts it"
    request = requests.Request("GET", "http://127.0.0.1:1/v1/x")
    error = requests.ConnectionError("no route", request=request)
    assert user_message(error).endswith(f"is not reachable: {up}.")
    set_all(monkeypatch, {"SOURCES__SAAS__BASE_URL": "http://127.0.0.1:1", "SOURCES__SAAS__API_KEY": "x"})
    end = "is not reachable: start it, or correct SOURCES__SAAS__BASE_URL (it comes from the shell)."
    assert user_message(error).endswith(end)
    refused = psycopg2.OperationalError("connection to server failed: Connection refused")
    assert user_message(refused).endswith(f"(connection to server failed: Connection refused): {up}.")
    monkeypatch.setenv("SOURCES__POSTGRES__CREDENTIALS", "postgresql://127.0.0.1:1/x")
    end = ": start it, or correct SOURCES__POSTGRES__CREDENTIALS (it comes from the shell)."
    assert user_message(refused).endswith(end)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    httpx_error = httpx.ConnectError("no route", request=httpx.Request("GET", "http://127.0.0.1:1/api/health"))
    assert user_message(httpx_error).endswith("or correct PREFECT_API_URL (it comes from the shell).")


@pytest.mark.integration
@pytest.mark.parametrize("folder", ["/etc/passwd", "/etc/passwd/x", "/dev/null", "~nobody-of-this-name/x", "x" * 300])
@pytest.mark.parametrize("command", ["flows/status.py", "-m mock_services status"])
def test_a_data_folder_that_cannot_be_is_one_line(folder, command):
    shell = os.environ | {"MAILBLAZE_DATA_DIR": folder}
    done = subprocess.run([sys.executable, *command.split()], cwd=ROOT, env=shell, capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (1, 1, ""), done.stderr
    assert "MAILBLAZE_DATA_DIR" in done.stderr


def test_a_load_into_a_data_folder_that_cannot_be_is_refused(monkeypatch):
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", "/etc/passwd/x")
    with pytest.raises(PipelineError, match=r"^MAILBLAZE_DATA_DIR is '/etc/passwd/x', where no folder can be \("):
        saas.load()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="without /proc every folder with permission takes one")
def test_a_data_folder_that_only_permission_allows_is_refused(monkeypatch):
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", "/proc/x")
    with pytest.raises(PipelineError, match=r"^MAILBLAZE_DATA_DIR is '/proc/x', where no folder can be \("):
        data_dir()


def test_make_up_is_offered_only_for_a_source_that_it_starts(own_settings, monkeypatch):
    monkeypatch.setitem(registry.SOURCES, "helpdesk", Source("helpdesk", "The help desk", {"base_url": None}))
    monkeypatch.setitem(LOCAL_SERVICES, ("sources", "helpdesk"), LocalService((), ()))
    with pytest.raises(PipelineError) as refused:
        require(["helpdesk"])
    assert "helpdesk: SOURCES__HELPDESK__BASE_URL. To go on, set them" in str(refused.value)


@pytest.mark.parametrize("value", ["garbage://", "garbage://host:1", "http://", "http://host:99999", "http://host:x"])
def test_a_proxy_without_an_address_is_left_out_or_refused(monkeypatch, value):
    set_all(monkeypatch, {"ALL_PROXY": value, "HTTPS_PROXY": "http://me@proxy.example:3128", "http_proxy": "proxy:80"})
    with pytest.raises(PipelineError, match=r"^ALL_PROXY is no address of an HTTP proxy: .* `unset ALL_PROXY`"):
        shell.bypass_proxy_on_loopback(uses_local_services=False)
    shell.bypass_proxy_on_loopback(uses_local_services=True)
    assert ("ALL_PROXY" in os.environ, os.environ["http_proxy"]) == (False, "proxy:80")
    monkeypatch.delenv("HTTPS_PROXY")
    with pytest.raises(PipelineError, match=r"^ALL_PROXY is no address"):
        shell.require_usable_proxy("https://api.vendor.example")


@pytest.fixture
def dev(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILBLAZE_ENV", "dev")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))


@pytest.mark.integration
def test_dev_without_a_setting_names_each_part(dev):
    def typed_by(*command: str) -> str:
        shell = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=shell, capture_output=True, text=True)
        lines = done.stderr.splitlines()
        assert (done.returncode, len(lines)) == (1, 1), done.stderr
        return lines[0]

    warehouse = ", ".join(
        f"DESTINATION__WAREHOUSE__CREDENTIALS__{name}" for name in ("HOST", "USERNAME", "PRIVATE_KEY_PATH")
    )
    rest = "To go on, set them in the shell, or see .dlt/example.secrets.toml."
    assert typed_by("pipelines/replay.py") == f"✗ Not set on dev: warehouse: {warehouse}. {rest}"
    assert typed_by("flows/elt.py") == (
        "✗ Not set on dev: prefect: PREFECT_API_URL; postgres: SOURCES__POSTGRES__CREDENTIALS; "
        f"saas: SOURCES__SAAS__BASE_URL, SOURCES__SAAS__API_KEY; warehouse: {warehouse}; "
        f"dbt: SNOWFLAKE_ACCOUNT, SNOWFLAKE_PRIVATE_KEY_PATH. {rest}"
    )


@pytest.mark.slow
def test_the_example_has_every_name_that_a_command_or_the_doctor_asks_for(dev):
    text = (ROOT / ".dlt/example.secrets.toml").read_text()

    def names(table: dict, *before: str):
        for key, value in table.items():
            yield from names(value, *before, key) if isinstance(value, dict) else ["__".join((*before, key)).upper()]

    known = {*names(tomllib.loads(text))}
    asked = missing(registry.SOURCES, dbt=True, prefect=True)
    for part, lacking in asked.items():
        assert [name for name in lacking if name not in known and name not in text] == [], part
    doctor = subprocess.run(
        [sys.executable, "pipelines/doctor.py", "--quick"], cwd=ROOT, capture_output=True, text=True
    )
    lines = [line for line in doctor.stdout.splitlines() if "not set: " in line]
    assert len(lines) >= 6, doctor.stdout
    for line in lines:
        for name in line.split("not set: ")[1].split(";")[0].split(", "):
            assert any(one == name or one.startswith(f"{name}__") for one in known) or name in text, line


class Proxy(BaseHTTPRequestHandler):
    """A company's HTTP proxy: it records its requests and forwards them to the vendor."""

    asked: list[str]
    vendor: str

    def do_GET(self):
        self.asked.append(self.path)
        parts = urlsplit(self.path)
        place = f"{self.vendor}{parts.path}{'?' if parts.query else ''}{parts.query}"
        answer = httpx.get(place, headers={"Authorization": self.headers.get("Authorization", "")}, trust_env=False)
        self.send_response(answer.status_code)
        for name in ("Content-Type", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy(platform, monkeypatch):
    """A recording proxy, set in the shell."""
    handler = type("Recording", (Proxy,), {"asked": [], "vendor": platform.saas_url})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
    yield handler.asked
    server.shutdown()
    server.server_close()


def test_loopback_is_asked_without_a_proxy(platform, proxy):
    assert saas.load().tables["saas_campaigns"].in_raw > 0
    assert proxy == []


def test_a_vendor_elsewhere_is_asked_through_the_proxy(platform, proxy, monkeypatch):
    set_all(monkeypatch, {"SOURCES__SAAS__BASE_URL": "http://api.vendor.example", "SOURCES__SAAS__API_KEY": TOKEN})
    assert saas.load().tables["saas_campaigns"].in_raw > 0
    assert any(url.startswith("http://api.vendor.example/v1/campaigns") for url in proxy)
    assert {urlsplit(url).hostname for url in proxy} == {"api.vendor.example"}


@pytest.mark.slow
def test_a_socks_proxy_stops_nothing_on_loopback_and_is_not_passed_by_elsewhere(platform, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    assert saas.load().tables["saas_campaigns"].in_raw > 0
    assert "ALL_PROXY" not in os.environ
    set_all(monkeypatch, {"SOURCES__SAAS__BASE_URL": "http://api.vendor.example", "SOURCES__SAAS__API_KEY": TOKEN})
    with pytest.raises(Exception, match="ALL_PROXY is a SOCKS proxy") as refused:
        saas.load()
    assert user_message(refused.value).startswith("ALL_PROXY is a SOCKS proxy, which is not supported: set HTTPS_")


def test_on_dev_a_socks_proxy_is_refused(dev, monkeypatch):
    monkeypatch.setenv("all_proxy", "socks5h://127.0.0.1:1")
    with pytest.raises(PipelineError, match=r"^all_proxy is a SOCKS proxy, .* `unset all_proxy`"):
        shell.ignore_foreign(uses_local_services=False)


def test_a_load_takes_nothing_from_aws_and_libpq(platform, monkeypatch, few_tables):
    foreign = {
        "AWS_PROFILE": "foreign",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_CONFIG_FILE": "/nowhere",
        "PGHOSTADDR": "127.0.0.2",
        "PGSERVICE": "foreign",
        "PGSSLMODE": "verify-full",
        "PGOPTIONS": "-c search_path=foreign",
        "PGTARGETSESSIONATTRS": "standby",
    }
    set_all(monkeypatch, foreign)
    assert postgres.load().tables["postgres_lists"].in_raw > 0
    assert set(shell.ignored_variables()) >= foreign.keys() - {"AWS_CONFIG_FILE"}


def test_what_is_shown_names_its_origin_and_hides_secrets(addresses, monkeypatch):
    secret = "pa55word"  # noqa: S105
    monkeypatch.setenv(
        "SOURCES__POSTGRES__CREDENTIALS", f"postgresql://me:{secret}@db.example:5433/shop?sslpassword={secret}"
    )
    set_all(monkeypatch, {"SOURCES__SAAS__BASE_URL": "http://127.0.0.1:1", "SOURCES__SAAS__API_KEY": secret})
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{secret}@proxy.example:3128")
    monkeypatch.setenv("LOAD__WORKERS", "2")
    monkeypatch.setenv("POSTGRES__SOURCES__POSTGRES__CHUNK_SIZE", "100")
    shown = effective_settings.format_settings()
    assert secret not in "\n".join(shown)
    services = addresses / "services.json"
    for line in (
        "· MAILBLAZE_ENV = ci (the shell)",
        "· SOURCES__POSTGRES__CREDENTIALS = postgresql://me@db.example:5433/shop (the shell)",
        "· SOURCES__SAAS__BASE_URL = http://127.0.0.1:1 (the shell)",
        "· SOURCES__SAAS__API_KEY = *** (the shell)",
        f"· DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL = http://127.0.0.1:1 ({services})",
        "· POSTGRES__DESTINATION__LAKE__BUCKET_URL = s3://dp-mailblaze-demo-ci-raw/postgres/ (the default)",
        "· LOAD__WORKERS = 2 (the shell)",
        "· POSTGRES__SOURCES__POSTGRES__CHUNK_SIZE = 100 (the shell)",
        "· HTTPS_PROXY = http://proxy.example:3128 (the shell)",
    ):
        assert line in shown


def test_an_error_names_the_service_that_does_not_answer(addresses, monkeypatch):
    monkeypatch.setenv("SOURCES__SAAS__BASE_URL", "http://api.vendor.example")

    def said(url: str, of=requests) -> str:
        request = of.Request("GET", url)
        return user_message(of.ConnectionError("no route", request=request))

    own = "is not reachable: start it, or correct SOURCES__SAAS__BASE_URL (it comes from the shell)."
    assert said("http://api.vendor.example/v1/x") == f"The SaaS API at http://api.vendor.example {own}"
    assert said("http://other.example/x") == "The source at http://other.example is not reachable: `make up` starts it."
    for url in ("https://acct.snowflakecomputing.com/session", "http://127.0.0.1:9/session"):
        assert said(url, snowflake_requests).startswith("Snowflake at http")
    httpx_error = httpx.ConnectError("no route", request=httpx.Request("GET", "http://prefect.example/api/health"))
    own = "is not reachable: start it, or correct PREFECT_API_URL (it comes from the shell or .dlt/)."
    assert user_message(httpx_error) == f"The Prefect server at http://prefect.example {own}"
