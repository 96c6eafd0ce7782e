"""A stub of Terraform's Snowflake provider: its real schema without a Snowflake: `python serve.py SOCKET`.

Terraform attaches to it by TF_REATTACH_PROVIDERS, whose value is the first line that this prints. An unknown, missing
or preview argument is refused as by the provider; computed values are made up. It knows no rule of
Snowflake's: whether a name is taken, a privilege exists or a policy's SQL is right only a real account says. The
configuration of each provider block that it is given is a line of SOCKET.configured.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import msgpack
from schema import read
from tf.gen import tfplugin_pb2 as protocol
from tf.gen import tfplugin_pb2_grpc as service

UNKNOWN = msgpack.ExtType(0, b"\x00")
NESTINGS = {"single": 1, "list": 2, "set": 3, "map": 4}
# What Snowflake says of a storage integration: the identity that assumes the role, and its external id.
SAID = {"iam_user_arn": "arn:aws:iam::999999999999:user/stand-in", "external_id": "STAND_IN_SFCRole=1_external"}


class StandIn(service.ProviderServicer):
    """Answers Terraform: a resource is what its configuration says, plus what is computed."""

    def __init__(self, schema: dict, configured: Path) -> None:
        self.schema = schema
        self.previews: set[str] = set()
        self.configured = configured

    def GetMetadata(self, request, context):  # noqa: N802  the protocol's name, as those below
        names = [protocol.GetMetadata.ResourceMetadata(type_name=name) for name in self.schema["resources"]]
        return protocol.GetMetadata.Response(server_capabilities=protocol.ServerCapabilities(), resources=names)

    def GetProviderSchema(self, request, context):  # noqa: N802
        return protocol.GetProviderSchema.Response(
            provider=protocol.Schema(version=0, block=_block(self.schema["provider"])),
            resource_schemas={
                name: protocol.Schema(version=0, block=_block(block))
                for name, block in self.schema["resources"].items()
            },
        )

    def ValidateProviderConfig(self, request, context):  # noqa: N802
        return protocol.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):  # noqa: N802
        return protocol.ValidateResourceConfig.Response()

    def ConfigureProvider(self, request, context):  # noqa: N802
        config = _unpack(request.config)
        self.previews |= set(config.get("preview_features_enabled") or [])
        with self.configured.open("a") as file:  # a test reads here as whom Terraform would sign in
            file.write(json.dumps(config, default=str) + "\n")
        return protocol.ConfigureProvider.Response()

    def UpgradeResourceState(self, request, context):  # noqa: N802
        state = _pack(json.loads(request.raw_state.json))
        return protocol.UpgradeResourceState.Response(upgraded_state=state)

    def ReadResource(self, request, context):  # noqa: N802
        return protocol.ReadResource.Response(new_state=request.current_state, private=request.private)

    def PlanResourceChange(self, request, context):  # noqa: N802
        response = protocol.PlanResourceChange.Response(legacy_type_system=True)
        new, prior = _unpack(request.proposed_new_state), _unpack(request.prior_state)
        if new is None:  # it will be destroyed
            response.planned_state.CopyFrom(request.proposed_new_state)
            return response
        if request.type_name in self.schema["preview"] and f"{request.type_name}_resource" not in self.previews:
            reason = f"{request.type_name} is in preview: name it in preview_features_enabled, or do without"
            response.diagnostics.add(severity=protocol.Diagnostic.ERROR, summary=reason)
            return response
        for name, attribute in self.schema["resources"][request.type_name]["attributes"].items():
            if attribute.get("computed") and new.get(name) is None:
                new[name] = UNKNOWN if prior is None else prior[name]
        response.planned_state.CopyFrom(_pack(new))
        return response

    def ApplyResourceChange(self, request, context):  # noqa: N802
        new, config = _unpack(request.planned_state), _unpack(request.config)
        if new is None:
            return protocol.ApplyResourceChange.Response(new_state=request.planned_state)
        for name, attribute in self.schema["resources"][request.type_name]["attributes"].items():
            if new[name] == UNKNOWN:
                new[name] = _computed(name, attribute, config)
        return protocol.ApplyResourceChange.Response(new_state=_pack(new), legacy_type_system=True)

    def StopProvider(self, request, context):  # noqa: N802
        return protocol.StopProvider.Response()


def _computed(name: str, attribute: dict, config: dict) -> object:
    place = [config[part] for part in ("database", "schema", "name") if config.get(part)]
    if name == "fully_qualified_name":
        return ".".join(f'"{part}"' for part in place)
    if name == "id":
        return "|".join(place) or f"stand-in-{os.urandom(4).hex()}"
    if attribute.get("optional"):
        return "" if attribute["type"] == "string" else None
    return _made_up(name, attribute["type"], config)


def _made_up(name: str, kind: object, config: dict) -> object:
    if kind == "string":
        configured = config.get(name)
        return SAID.get(name) or (configured if isinstance(configured, str) else f"stand-in {name}")
    if isinstance(kind, str):
        return 0 if kind == "number" else False
    container, inner = kind
    if container == "object":
        return {field: _made_up(field, of, config) for field, of in inner.items()}
    if container == "map":
        return {}
    return [_made_up(name, inner, config)] if isinstance(inner, list) else []


def _block(block: dict) -> protocol.Schema.Block:
    out = protocol.Schema.Block()
    for name, attribute in block["attributes"].items():
        flags = {flag: attribute.get(flag, False) for flag in ("required", "optional", "computed")}
        out.attributes.add(name=name, type=json.dumps(attribute["type"]).encode(), **flags)
    for name, inner in block["blocks"].items():
        nesting, counts = NESTINGS[inner["nesting"]], {"min_items": inner["min"], "max_items": inner["max"]}
        out.block_types.add(type_name=name, nesting=nesting, block=_block(inner["body"]), **counts)
    return out


def _pack(value: object) -> protocol.DynamicValue:
    return protocol.DynamicValue(msgpack=msgpack.packb(value))


def _unpack(value: protocol.DynamicValue) -> dict | None:
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=lambda *_: UNKNOWN)
    return json.loads(value.json or b"null")


def main(socket: str) -> None:
    """Serve until killed."""
    schema = read()
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_send_message_length", -1)])
    service.add_ProviderServicer_to_server(StandIn(schema, Path(f"{socket}.configured")), server)
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    address = {"Network": "unix", "String": socket}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    print(json.dumps({f"registry.terraform.io/{schema['source']}": attach}), flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
