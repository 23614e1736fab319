"""Dependents: what uses a credential, how to tell whether it lives, and how it takes up a new one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from nhi_components.core.connection import DEFAULT, Url
from nhi_components.core.credential.sources import VariableName
from nhi_components.core.model import Spec


class CommandHook(Spec):
    """A program that is run, without a shell; exit status 0 says yes, or done, and 3 says no.

    3 is what init scripts and `systemctl is-active` end with when a program does not run (Linux Standard Base, 'Init
    Script Actions'); any other status is no answer.

    Attributes:
        command: program and arguments. It finds `NHI_IDENTITY`, `NHI_LEASE`, `NHI_KEY_ID`, `NHI_VERSION` and
            `NHI_CAUSE` in its environment, and never a value.
        timeout_seconds: 1 to 600.
    """

    subject: ClassVar[str] = "command"

    kind: Literal["command"] = "command"
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60


class HttpHook(Spec):
    """A web hook: JSON is posted to it; a status of 200 to 299 says yes, or done, and 410 (Gone) says no.

    Attributes:
        url: where to.
        token_variable: the environment variable with its bearer token; None: it asks for none.
        timeout_seconds: 1 to 600.
    """

    subject: ClassVar[str] = "web hook"

    kind: Literal["http"] = "http"
    url: Url
    token_variable: VariableName | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 30


class DeploymentRestart(Spec):
    """A Deployment of a Kubernetes cluster: it lives while it wants pods, and is restarted pod by pod.

    Attributes:
        connection: the connection of `nhi.Provider` that reaches the cluster.
        namespace: its namespace.
        deployment: its name.
        timeout_seconds: how long the new pods may take, 1 to 3,600.
    """

    subject: ClassVar[str] = "deployment"

    kind: Literal["deployment"] = "deployment"
    connection: str = DEFAULT
    namespace: str
    deployment: str
    timeout_seconds: Annotated[int, Field(ge=1, le=3_600)] = 300


Hook = Annotated[CommandHook | HttpHook | DeploymentRestart, Field(discriminator="kind")]


class Dependent(Spec):
    """Something that uses a credential.

    Attributes:
        name: what people call it.
        alive: how to ask whether it still runs; None: it is taken to, because nobody can say that it does not.
        refresh: how it takes up a new credential; None: it does so by itself, reading its place again.
    """

    subject: ClassVar[str] = "dependent"

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
    alive: Hook | None = None
    refresh: Hook | None = None
