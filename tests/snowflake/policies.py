"""The policies and tags of terraform/modules/warehouse as SQL statements."""

import re

from tests.snowflake.warehouses import ROOT

MODULE = ROOT / "terraform" / "modules" / "warehouse"
MASKS = ("PERSON", "ID", "TEXT")
ROLES = {"transformer": "TRANSFORMER", "personal_data": "PERSONAL_DATA", "every_region": "REGION_ALL"}


def body(name: str) -> str:
    """Return the SQL of a policy as Terraform renders it."""
    text = EACH_REGION.sub(_each_region, (MODULE / "sql" / f"{name}.sql").read_text()).strip()
    return re.sub(r"\$\{(\w+)\}", lambda role: ROLES[role[1]], text)


EACH_REGION = re.compile(r"%\{ for region, role in regions ~\}\n(.*?)%\{ endfor ~\}\n", re.DOTALL)


def _each_region(found: re.Match) -> str:
    """Return what Terraform makes of a loop over the regions."""
    return "".join(
        found[1].replace("${region}", region).replace("${role}", f"REGION_{region.upper()}") for region in regions()
    )


def regions() -> list[str]:
    """Return the regions that Terraform has roles for."""
    text = (MODULE / "variables.tf").read_text().partition('variable "regions"')[2]
    return re.findall(r'"(\w+)"', re.search(r"default\s*=\s*\[(.*?)\]", text)[1])


def policies(database: str) -> list[str]:
    """Return the statements that create every policy and tag of MART and grant REPORTER_SVC its roles."""
    made = [
        f"CREATE ROW ACCESS POLICY {database}.MART.ROWS_OF_REGION AS (REGION VARCHAR) RETURNS BOOLEAN -> "
        + body("rows_of_region")
    ]
    for mask in MASKS:
        policy, tag = f"{database}.MART.MASK_{mask}", f"{database}.MART.PERSONAL_DATA_{mask}"
        made += [
            f"CREATE MASKING POLICY {policy} AS (VAL VARCHAR) RETURNS VARCHAR -> {body(f'mask_{mask.lower()}')}",
            f"CREATE TAG {tag}",
            f"ALTER TAG {tag} SET MASKING POLICY {policy}",
        ]
    return [*made, *(f"GRANT ROLE {role} TO USER REPORTER_SVC" for role in ("REPORTER", "REGION_ALL", "REGION_EU"))]


def masks_of_terraform() -> set[str]:
    """Return the keys of `masks` in personal_data.tf, which MASKS repeats."""
    text = (MODULE / "personal_data.tf").read_text()
    return set(re.findall(r"^    (\w+) += \"", text[text.index("masks = {") : text.index("\n  }\n")], re.MULTILINE))
