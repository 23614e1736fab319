"""Allow policies of any resource: read, and changed by comparing etags, so that nobody else's bindings are lost.

Source: IAM, 'Modify, allow, and deny access': the read-modify-write pattern, and 409 ABORTED for a policy that was
changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from nhi_components.core.errors import NhiError
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.lifecycle.adapters.gcp.dataset_access import bindings_of, read_dataset, write_bindings
from nhi_components.lifecycle.adapters.gcp.errors import ABORTED, NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.policy_calls import CALLS, VERSION, kind_of
from nhi_components.lifecycle.adapters.gcp.session import GcpSession

CONFLICT_SECONDS = 30
"""For how long a change is tried that others get in the way of: our own figure; each try takes two requests."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One member of one role, as a policy has it now.

    Attributes:
        name: where, which role, whom.
        title: of its condition; empty without one.
        binding: the whole binding.
    """

    name: BindingName
    title: str
    binding: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a resource's policy is now.

    Attributes:
        resource: its relative name.
        bindings: as the API tells them.
        read_at: Google's own time.
        told: the whole answer, to be sent back with other bindings.
    """

    resource: str
    bindings: tuple[Mapping[str, Any], ...]
    read_at: datetime
    told: Mapping[str, Any] = field(repr=False)

    def bound(self) -> Iterator[Bound]:
        """Tell of each member of each role."""
        for binding in self.bindings:
            title = str((binding.get("condition") or {}).get("title", ""))
            for member in binding.get("members", []):
                yield Bound(BindingName(self.resource, str(binding["role"]), str(member)), title, binding)


Change = Callable[[Policy], Iterable[Mapping[str, Any]]]
"""From a policy as it is now to the bindings that are wanted."""


class Policies:
    """The allow policies that one connection reaches."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def find(self, resource: str) -> Policy | None:
        """Read a resource's policy; None when the resource is not there.

        Raises:
            NhiError: the resource is of no kind whose policy is known here.
        """
        kind = self._kind(resource)
        if kind is ResourceKind.DATASET:
            dataset = read_dataset(self._session, resource)
            return Policy(resource, bindings_of(dataset.body), dataset.time, dataset.body) if dataset else None
        calls = CALLS[kind]
        method, path, query, body = calls.read(resource)
        try:
            reply = self._session.ask(method, calls.api, path, needs=calls.reads, query=query, body=body)
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise
            return None
        return Policy(resource, tuple(reply.body.get("bindings", [])), reply.time, reply.body)

    def change(self, resource: str, change: Change) -> None:
        """Change a resource's policy; again, with pauses, when somebody else did meanwhile.

        Args:
            resource: its relative name; one that is not there is fine.
            change: tells, from the policy as it is now, which bindings are wanted; what is as it stands is not written.

        Raises:
            NhiError: others got in the way each time.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_Conflict),
            stop=stop_after_delay(CONFLICT_SECONDS),
            wait=wait_random_exponential(multiplier=0.1, max=3),
            reraise=True,
        )
        retrying(self._try, resource, change)

    def remove(self, name: BindingName) -> None:
        """Take one member out of one role on one resource; what is not there is fine."""
        self.change(name.resource, lambda policy: _without(policy.bindings, name))

    def _try(self, resource: str, change: Change) -> None:
        policy = self.find(resource)
        wanted = list(change(policy)) if policy else []
        if policy is None or wanted == list(policy.bindings):
            return
        try:
            self._write(policy, wanted)
        except Refused as refused:
            if refused.code != ABORTED:
                raise
            raise _Conflict(
                f"gcp.{self._session.name}: the policy of {resource} was changed by others each time we tried, "
                "expected it to keep still; fix: run the same command again"
            ) from None

    def _write(self, policy: Policy, bindings: Sequence[Mapping[str, Any]]) -> None:
        kind = self._kind(policy.resource)
        if kind is ResourceKind.DATASET:
            write_bindings(self._session, policy.resource, policy.told, bindings)
            return
        calls = CALLS[kind]
        method, path, body = calls.write(policy.resource, {**policy.told, "bindings": bindings, "version": VERSION})
        self._session.ask(method, calls.api, path, needs=calls.writes, body=body)

    def _kind(self, resource: str) -> ResourceKind:
        kind = kind_of(resource)
        if kind is None:
            raise NhiError(
                f"gcp.{self._session.name}: {resource}: got a resource whose policy is not known here, expected one of "
                f"{', '.join(ResourceKind)}; fix: remove what is bound there by hand"
            )
        return kind


class _Conflict(NhiError):
    """A policy was changed between our read and our write; nothing of ours was written."""


def _without(bindings: Sequence[Mapping[str, Any]], name: BindingName) -> Iterator[Mapping[str, Any]]:
    """Leave one member of one role out, whatever the condition; a binding that then has nobody goes, too."""
    for binding in bindings:
        members = list(binding.get("members", []))
        if binding.get("role") != name.role or name.member not in members:
            yield binding
        elif len(members) > 1:
            yield {**binding, "members": [member for member in members if member != name.member]}
