"""Opening the services behind credentials, with what reaches their systems."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from nhi_components.core.connection import Connection, KubernetesConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.life import State
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import IMPORTING, open_credentials
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.dependents import HookDependants
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.hooks import Deployments, Reach
from nhi_components.lifecycle.credentials.ports import CredentialSystem
from nhi_components.lifecycle.credentials.wanted import Tools
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder

ConnectionOf = Callable[[System, str], Connection]
"""Finds a connection by system and name."""


def tools_of(connection: ConnectionOf, clock: Clock) -> Tools:
    """Make what runs reach the world with; nothing is reached before it is used.

    Args:
        connection: finds how a system is reached.
        clock: tells the time.
    """

    @cache
    def credentials(system: System, name: str) -> CredentialSystem:
        return open_credentials(system, name, connection(system, name))

    @cache
    def deployments(name: str) -> Deployments:
        with IMPORTING:
            from nhi_components.lifecycle.adapters.kubernetes.deployments import Deployments as Cluster

        found = connection(System.KUBERNETES, name)
        if not isinstance(found, KubernetesConnection):
            raise NhiError(f"connection {name!r}: got {type(found).__name__}, expected one for {System.KUBERNETES}")
        return Cluster(name, found)

    return Tools(credentials, HookDependants(Reach(deployments, time.sleep), clock), clock, time.sleep)


def desk_of(
    connection: ConnectionOf,
    open_recorder: Callable[[], EvidenceRecorder],
    approved: Callable[[LeaseTags, State], tuple[str | None, str | None]],
    clock: Clock,
) -> Desk:
    """Open the services behind credentials.

    Args:
        connection: finds how a system is reached.
        open_recorder: opens the recorder of evidence.
        approved: who approved that an identity takes on a state, and why.
        clock: tells the time.
    """
    return Desk(tools_of(connection, clock), open_recorder, approved)
