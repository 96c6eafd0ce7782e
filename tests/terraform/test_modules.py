"""Every folder of terraform/ is formatted and valid, and each module's own tests pass."""

import pytest

from tests.terraform.ground import ROOT

TERRAFORM = ROOT / "terraform"
ROOTS = ("bootstrap", "environments/dev", "environments/prod")
MODULES = sorted(f"modules/{folder.name}" for folder in (TERRAFORM / "modules").iterdir())
# A module that is handed its providers is valid only in a root, and in its own tests.
HANDED = [module for module in MODULES if "configuration_aliases" in (TERRAFORM / module / "versions.tf").read_text()]


def test_files_are_formatted(ground):
    ground.run(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("folder", [*ROOTS, *(module for module in MODULES if module not in HANDED)])
def test_a_folder_is_valid(ground, folder):
    ground.init(folder, "-backend=false")
    said = ground.run(folder, "validate", "-no-color")
    assert "The configuration is valid.\n" in said, said


@pytest.mark.parametrize("folder", ["bootstrap", *MODULES])
def test_a_module_passes_its_tests(ground, folder):
    ground.init(folder, "-backend=false")
    said = ground.run(folder, "test", "-no-color")
    assert "Success! " in said, said
    assert "Success! 0 passed" not in said, said
