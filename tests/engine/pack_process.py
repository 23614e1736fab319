"""A pack in the analyzer process that the engine would start, driven by the engine's protocol: no plugin is needed.

The providers of Azure, GCP, Kubernetes and GitHub can't be run in the laboratory, and without a provider the engine
previews nothing; so their packs are tried one step closer: the real folder, the SDK's real process and messages.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

PACKS = Path(__file__).parents[2] / "policies"
_LEVELS = {"mandatory": messages.MANDATORY, "advisory": messages.ADVISORY, "remediate": messages.REMEDIATE}


class PackProcess:
    """A pack's process; a context manager.

    Args:
        name: the pack's folder below `policies`.
        config: what stands under `nhi-required`, as the engine passes it on.
    """

    def __init__(self, name: str, config: Mapping[str, Any] | None = None) -> None:
        command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
        self._process = subprocess.Popen(command, cwd=PACKS / name, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self._process.stdout.readline())}")
        self._analyzer = AnalyzerStub(self._channel)
        given = dict(config or {})
        level = _LEVELS[given.pop("enforcementLevel", "mandatory")]
        policy = messages.PolicyConfig(enforcementLevel=level, properties=_struct(given))
        self._analyzer.Configure(messages.ConfigureAnalyzerRequest(policyConfig={"nhi-required": policy}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def blocks(self, type_token: str, inputs: Mapping[str, Any], name: str = "trial") -> list[str]:
        """The messages that block a resource."""
        answer = self._analyzer.Analyze(_request(type_token, inputs, name))
        return [found.message for found in answer.diagnostics if found.enforcementLevel == messages.MANDATORY]

    def remediated(self, type_token: str, inputs: Mapping[str, Any], name: str = "trial") -> list[Struct]:
        """The properties that a resource is given instead of its own, by each policy that changes them."""
        answer = self._analyzer.Remediate(_request(type_token, inputs, name))
        return [change.properties for change in answer.remediations]


def _request(type_token: str, inputs: Mapping[str, Any], name: str) -> messages.AnalyzeRequest:
    urn = f"urn:pulumi:dev::trial::{type_token}::{name}"
    return messages.AnalyzeRequest(urn=urn, type=type_token, name=name, properties=_struct(inputs))


def _struct(values: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(dict(values))
    return made
