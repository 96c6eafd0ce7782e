"""Terraform in a copy of terraform/, against a moto server and the stub Snowflake provider."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where images and packages keep providers that need no download; Terraform itself looks into the last two.
MIRRORS = ("/opt/*", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins", "~/.terraform.d/plugins")
ACCOUNT = "123456789012"
IMAGE = "0123abc"
ACCOUNT_NAME = "mailblaze-demo"
COMPANY = {
    "snowflake_account": ACCOUNT_NAME,
    "saas_url": "https://api.vendor.example",
    "prefect_url": "https://prefect.mailblaze.example/api",
    "alert_emails": ["data@mailblaze.example"],
    "alert_users": ["DATA_LEAD"],
    "allowed_addresses": ["192.0.2.0/24"],
    "public_keys": {role: {"current": f"MII{role}"} for role in ("LOADER", "TRANSFORMER", "REPORTER")},
    "network": {"vpc_id": "", "subnet_ids": [], "postgres_cidr": "10.0.0.0/16"},
}
TERRAFORM_USER = {"user": "TERRAFORM_ADMIN"}


class TerraformFailed(Exception):
    """A command failed; the message is its output."""


@dataclass
class TerraformCopy:
    """A copy of terraform/ in `folder`, and the variables that keep its commands on this machine."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, place: str, *arguments: str) -> str:
        """Run terraform in a folder of the copy and return what it printed.

        Raises:
            TerraformFailed: it did not end with 0.
        """
        done = subprocess.run(
            ["terraform", f"-chdir={self.folder / place}", *arguments],
            env=clean_environment() | self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise TerraformFailed(f"{place}: terraform {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def init(self, place: str, *arguments: str) -> None:
        """Initialise a folder."""
        self.run(place, "init", "-input=false", "-no-color", *arguments)

    def plan(self, place: str) -> dict:
        """Plan and return the plan as Terraform's JSON."""
        self.run(place, "plan", "-input=false", "-no-color", "-lock=false", "-out=plan.out")
        return json.loads(self.run(place, "show", "-json", "plan.out"))

    def apply(self, place: str) -> None:
        """Apply without asking."""
        self.run(place, "apply", "-input=false", "-no-color", "-auto-approve")

    def state(self, place: str) -> dict[str, dict]:
        """Return the attributes of every resource in the state, by address."""
        shown = json.loads(self.run(place, "show", "-json"))
        return {found["address"]: found["values"] for found in resources(shown.get("values", {}))}


def copy_tree(folder: Path) -> Path:
    """Copy terraform/ without the files of manual runs."""
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.auto.tfvars")
    return Path(shutil.copytree(ROOT / "terraform", folder, ignore=ignored))


def resources(values: dict) -> list[dict]:
    """Return the managed resources of a state or of planned values, those of modules too."""
    module = values.get("root_module", values)
    found = [found for found in module.get("resources", []) if found["mode"] == "managed"]
    for child in module.get("child_modules", []):
        found += resources(child)
    return found


def changed(plan: dict) -> list[str]:
    """Return what a plan would change, as "action address"."""
    return [
        f"{'+'.join(found['change']['actions'])} {found['address']}"
        for found in plan.get("resource_changes", [])
        if found["change"]["actions"] not in (["no-op"], ["read"])
    ]


def command_line_configuration(folder: Path) -> Path | None:
    """Write a configuration that takes providers from this machine's mirror; None where it has none."""
    for pattern in MIRRORS:
        place = Path(pattern).expanduser()
        for mirror in sorted(place.parent.glob(place.name)):
            if (mirror / "registry.terraform.io/hashicorp/aws").is_dir():
                file = folder / "terraform.rc"
                file.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
                return file
    return None


def clean_environment() -> dict[str, str]:
    """Return this process's variables without those that would lead Terraform to a real account."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SNOWFLAKE_", "TF_")) and name != "MAILBLAZE_ENV"
    }
