"""Every folder of terraform/ is formatted and valid, and each module's own tests pass."""

import pytest

from tests.terraform.terraform_copy import ROOT

TERRAFORM = ROOT / "terraform"
ROOTS = ("bootstrap", "environments/dev", "environments/prod")
MODULES = sorted(f"modules/{folder.name}" for folder in (TERRAFORM / "modules").iterdir())
# A module that is handed its providers is valid only in a root, and in its own tests.
HANDED = [module for module in MODULES if "configuration_aliases" in (TERRAFORM / module / "versions.tf").read_text()]


def test_files_are_formatted(terraform_copy):
    terraform_copy.run(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("folder", [*ROOTS, *(module for module in MODULES if module not in HANDED)])
def test_a_folder_is_valid(terraform_copy, folder):
    terraform_copy.init(folder, "-backend=false")
    said = terraform_copy.run(folder, "validate", "-no-color")
    assert "The configuration is valid.\n" in said, said


@pytest.mark.parametrize("folder", ["bootstrap", *MODULES])
def test_a_module_passes_its_tests(terraform_copy, folder):
    terraform_copy.init(folder, "-backend=false")
    said = terraform_copy.run(folder, "test", "-no-color")
    assert "Success! " in said, said
    assert "Success! 0 passed" not in said, said
