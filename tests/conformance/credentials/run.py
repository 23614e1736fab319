"""One run about a credential as a process of its own, so that it can be killed.

It is forked from a server that has imported everything and done nothing, and gets a whole environment of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault import claims
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.credentials import claiming
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.ending import suspend, withdraw
from nhi_components.lifecycle.credentials.opening import tools_of
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted
from nhi_components.provider.settings import Settings

SECONDS = 120

ACTIONS: Mapping[str, Callable[[Wanted, Tools, frozenset[str]], Any]] = {
    "reconcile": lambda wanted, tools, _: reconcile(wanted, tools).key,
    "rotate": lambda wanted, tools, _: reconcile(wanted, tools, asked=Cause.FORCED).key,
    "expose": lambda wanted, tools, exposed: reconcile(wanted, tools, exposed=exposed).key,
    "suspend": lambda wanted, tools, _: suspend(wanted, tools),
    "withdraw": lambda wanted, tools, _: [each.key for each in withdraw(wanted, tools).revoked],
}

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__, "boto3", "hvac", "nhi_components.lifecycle.adapters.aws.credentials"])


class Run:
    """A run under way, on a machine whose disk is empty.

    Given `claim_seconds`, it claims for so long only and renews nothing, so that others need not wait for it long.

    Attributes:
        process: the run itself.
    """

    def __init__(
        self,
        action: str,
        tags: LeaseTags,
        spec: Mapping[str, Any],
        environment: Mapping[str, str],
        exposed: frozenset[str] = frozenset(),
        *,
        claim_seconds: float = 0,
    ) -> None:
        self._home = tempfile.mkdtemp(prefix="nhi-empty-")
        self._answer, theirs = _forks.Pipe(duplex=False)
        environment = {"PATH": os.environ["PATH"], "HOME": self._home, **environment}
        self.process = _forks.Process(
            target=_run, args=(action, tags, spec, environment, exposed, claim_seconds, theirs)
        )
        self.process.start()
        theirs.close()

    def result(self) -> Any:
        """Wait for its end, and give what it did; `AssertionError` with its message when it failed."""
        assert self._answer.poll(SECONDS), "it did not end"
        good, told = self._answer.recv()
        self.end()
        assert good, told
        return told

    @property
    def has_ended(self) -> bool:
        """Whether it has come to its end by itself."""
        return self._answer.poll()

    @property
    def has_failed(self) -> bool:
        """Whether it has come to an end that is none: on a busy machine its short claim may lapse meanwhile."""
        return self._answer.poll() and not self._answer.recv()[0]

    def end(self) -> None:
        """Kill it by SIGKILL, if it still runs."""
        self.process.kill()
        self.process.join()
        shutil.rmtree(self._home, ignore_errors=True)


def _run(
    action: str,
    tags: LeaseTags,
    spec: Mapping[str, Any],
    environment: Mapping[str, str],
    exposed: frozenset[str],
    claim_seconds: float,
    answer: Connection,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if claim_seconds:
        claiming.LASTS, claiming.RENEWED_EVERY = timedelta(seconds=claim_seconds), 3600
        claims.DELETION_MARGIN = timedelta(0)  # else it would be renewed for longer before it is given up
    wanted = Wanted(tags, CredentialSpec.parse(spec).resolved(tags))
    tools = tools_of(Settings().connection, system_clock)
    try:
        answer.send((True, ACTIONS[action](wanted, tools, exposed)))
    except NhiError as error:
        answer.send((False, str(error)))
