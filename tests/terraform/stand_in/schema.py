"""The schema of Terraform's Snowflake provider, read from a wheel that PyPI has: the wheel has no provider.

CDK's bindings are generated from `terraform providers schema -json`; the generated JavaScript keeps of every argument
whether it is computed, optional or required, whether it is a block, and its type.
"""

import json
import re
import sys
import tarfile
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "cdktn_provider_snowflake"
FIELD = re.compile(
    r"^    // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*?)"
    r"(?=^    // \w+ - computed:|^    // =|\Z)",
    re.M | re.S,
)
HCL = re.compile(
    r"^\s+(\w+): \{\n\s+value: .*?\n\s+isBlock: (\w+),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\"", re.M
)
SIMPLE = {"string": "string", "number": "number", "boolean": "bool"}
GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "StringMap": ["map", "string"],
    "NumberList": ["list", "number"],
    "BooleanMap": ["map", "bool"],
}


def read() -> dict:
    """Return `source`, `version`, `preview`, `environment`, `provider` and `resources`.

    `preview` are resources that must be switched on, `environment` which variable counts where a provider block leaves
    an argument out. The last two are blocks:
    {"attributes": {name: {"type": …, "required": True}}, "blocks": {name: {"nesting": …}}}.
    """
    version = re.search(r"snowflakedb/snowflake provider version ([\d.]+)", str(metadata(PACKAGE)))[1]
    (bindings,) = (Path(find_spec(PACKAGE).origin).parent / "_jsii").glob("*.jsii.tgz")
    found = {
        "source": "snowflakedb/snowflake",
        "version": version,
        "preview": [],
        "environment": {},
        "provider": {},
        "resources": {},
    }
    with tarfile.open(bindings) as tar:
        for member in tar.getmembers():
            if re.fullmatch(r"package/lib/[\w-]+/index\.js", member.name):
                _read_file(tar, member, found)
    return found


def _read_file(tar: tarfile.TarFile, member: tarfile.TarInfo, found: dict) -> None:
    text = tar.extractfile(member).read().decode()
    known = {
        name: (base, body)
        for name, base, body in re.findall(
            r"^class (\w+) extends (?:cdktn|cdktf)\.(\w+) \{\n(.*?)^\}", text, re.M | re.S
        )
    }
    for name, (base, body) in known.items():
        if base == "TerraformProvider":
            found["provider"] = _block(text, known, name)
        elif base == "TerraformResource":
            found["resources"][re.search(r'tfResourceType = "(\w+)"', body)[1]] = _block(text, known, name)
    if member.name.endswith("/provider/index.js"):
        types = tar.extractfile(member.name.replace(".js", ".d.ts")).read().decode()
        said = re.search(r"A list of preview features.*?readonly previewFeaturesEnabled", types, re.S)[0]
        for comment in types.split("/**"):
            variable = re.search(
                r"sourced from the `(\w+)` environment variable.*SnowflakeProvider#(\w+)\}", comment, re.S
            )
            if variable:
                found["environment"][variable[2]] = variable[1]
        found["preview"] = re.findall(r"`(snowflake_\w+)_resource`", said.partition("Promoted features")[0])


def _block(text: str, known: dict, name: str) -> dict:
    body = known[name][1]
    kinds = _kinds(text, name, body)
    out = {"attributes": {}, "blocks": {}}
    for field, computed, optional, required, rest in FIELD.findall(body):
        is_block, kind, storage = kinds.get(field, (False, None, None))
        nested = re.search(r"new (\w+?)(OutputReference|List|Map)\(this, \"", rest)
        if nested and is_block:
            out["blocks"][field] = _nested(text, known, field, kind, required == "true", nested)
        elif is_block:  # the provider's own blocks have no class
            inner = _kinds(text, storage.removesuffix("List"), "")
            attributes = {key: {"type": SIMPLE[value[2]], "optional": True} for key, value in inner.items()}
            nesting = kind if kind in ("list", "set") else "list"
            body_of_it = {"attributes": attributes, "blocks": {}}
            out["blocks"][field] = {"nesting": nesting, "max": 1, "min": 0, "body": body_of_it}
        else:
            flags = {"computed": computed, "optional": optional, "required": required}
            out["attributes"][field] = {
                "type": _type(text, known, nested, kind, storage, rest),
                **{flag: True for flag, is_set in flags.items() if is_set == "true"},
            }
    return out


def _nested(text: str, known: dict, field: str, kind: str, is_required: bool, nested: re.Match) -> dict:
    nesting = "single" if kind == "struct" and field == "timeouts" else "set" if kind == "set" else "list"
    is_counted = nesting != "single"
    return {
        "nesting": nesting,
        "max": int(is_counted and nested[2] == "OutputReference"),
        "min": int(is_counted and is_required),
        "body": _block(text, known, nested[1] + "OutputReference"),
    }


def _type(text: str, known: dict, nested: re.Match | None, kind: str, storage: str | None, rest: str) -> object:
    if nested:
        inner = _block(text, known, nested[1] + "OutputReference")["attributes"]
        fields = {name: attribute["type"] for name, attribute in inner.items()}
        return ["map" if nested[2] == "Map" else "list", ["object", fields]]
    if storage in SIMPLE:
        return SIMPLE[storage]
    if storage and storage.endswith(("List", "Map")):
        return [kind, SIMPLE[re.sub("(List|Map)$", "", storage)]]
    getter = re.search(r"this\.get(\w+?)Attribute\('", rest)
    found = GETTERS[getter[1]] if getter else "string"
    return ["set", found[1]] if isinstance(found, list) and "tolist(" in rest else found


def _kinds(text: str, name: str, body: str) -> dict[str, tuple[bool, str, str]]:
    """Return of each argument whether it is a block, its kind and how it is stored."""
    if "synthesizeHclAttributes" in body:
        said = body[body.index("synthesizeHclAttributes") :]
    else:
        struct = name.removesuffix("OutputReference")
        match = re.search(rf"^function {struct[0].lower() + struct[1:]}ToHclTerraform\(.*?^\}}", text, re.M | re.S)
        said = match[0] if match else ""
    return {field: (is_block == "true", kind, storage) for field, is_block, kind, storage in HCL.findall(said)}


if __name__ == "__main__":
    json.dump(read(), sys.stdout, separators=(",", ":"))
