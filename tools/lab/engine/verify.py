"""Make sure that a program which was built or downloaded answers, before anything relies on it."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from tools.lab.errors import LabError

ANSWER_SECONDS = 60


def cli_version(pulumi: Path) -> str:
    """Ask a `pulumi` for its version, without the leading `v`.

    Raises:
        LabError: it doesn't run.
    """
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        asked = subprocess.run(
            [pulumi, "version"], env=environment, capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(
            str(pulumi), got=f"`pulumi version` failed: {error}", expected="a version", fix="remove it and run it again"
        ) from error
    return asked.stdout.strip().removeprefix("v")


def provider_version(executable: Path) -> str:
    """Start a provider plugin, shake hands over gRPC and ask for its version.

    Raises:
        LabError: it doesn't start or doesn't answer.
    """
    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

    return _handshake(executable, ResourceProviderStub)


def language_host_version(executable: Path) -> str:
    """The same for the host of Python programs."""
    from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub

    return _handshake(executable, LanguageRuntimeStub)


def _handshake(executable: Path, stub: type) -> str:
    import grpc
    from google.protobuf.empty_pb2 import Empty

    # The address stands for an engine; a plugin connects to it only when it has something to tell.
    process = subprocess.Popen(
        [executable, "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    deadline = threading.Timer(ANSWER_SECONDS, process.kill)
    deadline.start()
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            answer = stub(channel).GetPluginInfo(Empty(), timeout=ANSWER_SECONDS, wait_for_ready=True)
        return str(answer.version).removeprefix("v")
    except grpc.RpcError as error:
        raise LabError(
            str(executable),
            got=f"no answer to GetPluginInfo: {error}",
            expected="a plugin that prints its port and serves gRPC on it",
            fix="remove it and run it again",
        ) from error
    finally:
        deadline.cancel()
        process.kill()
        process.communicate()
