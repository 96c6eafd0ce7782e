"""The roles that are there, each with all its policies and its boundary, as the simulator takes them."""

import json

from tests.terraform.simulator import Identity


def identities(*states: dict[str, dict]) -> dict[str, Identity]:
    """Return every role of some states by its name."""
    everything = {(number, address): values for number, state in enumerate(states) for address, values in state.items()}
    managed = {v["arn"]: json.loads(v["policy"]) for (_, a), v in everything.items() if ".aws_iam_policy." in f".{a}"}
    found = {}
    for (_, address), role in everything.items():
        if ".aws_iam_role." not in f".{address}":
            continue
        own = [
            json.loads(values["policy"])
            for (_, other), values in everything.items()
            if ".aws_iam_role_policy." in f".{other}" and values["role"] in (role["id"], role["name"])
        ]
        own += [
            managed[values["policy_arn"]]
            for (_, other), values in everything.items()
            if "aws_iam_role_policy_attachment." in other and values["role"] == role["name"]
        ]
        boundary = role.get("permissions_boundary")
        found[role["name"]] = Identity(role["arn"], tuple(own), managed[boundary] if boundary else None)
    return found
