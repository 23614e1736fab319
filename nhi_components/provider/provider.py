"""The provider: what the engine asks of Lease and Seal, handed on to the services that answer it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from nhi_components.core.credential.places import HOME_KINDS, OURS
from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.life import State
from nhi_components.core.links import Link, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.clock import Clock, system_clock
from nhi_components.lifecycle.credentials.looking import Standing
from nhi_components.lifecycle.credentials.opening import desk_of
from nhi_components.lifecycle.credentials.outcome import DependentsLive
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence_of_state import Change
from nhi_components.lifecycle.ports import SystemAdapter
from nhi_components.provider import credential, lease, seal
from nhi_components.provider.decisions import cause_of, decision_on
from nhi_components.provider.known import contains_unknown
from nhi_components.provider.recorder import recorder_of
from nhi_components.provider.schema import readable
from nhi_components.provider.settings import Settings, current_approval, decisions, read_settings
from nhi_components.provider.stack_state import CREDENTIAL, ENGINE_MANAGED, LEASE, SEAL
from nhi_components.provider.telling import Warn, warn_here
from nhi_components.provider.values import plain_map, property_map
from nhi_components.today import today

_Properties = Mapping[str, Any]

DESPITE_DEPENDENTS = "NHI_DESPITE_DEPENDENTS"
"""The environment variable with the reason for going on although something that lives uses a credential."""


class NhiProvider(rpc.Provider):
    """Serves `nhi:index:Lease`, `nhi:index:Credential` and `nhi:index:Seal`; what blocks runs in threads."""

    def __init__(self, clock: Clock = system_clock, today: Callable[[], date] = today, warn: Warn = warn_here) -> None:
        self._clock = clock
        self._today = today
        self._warns = warn
        self._issued: set[str] = set()
        self._warned: set[str] = set()
        self._bracket = self._open_bracket(Settings())

    async def get_schema(self, request: rpc.GetSchemaRequest) -> rpc.GetSchemaResponse:
        """Tell the resources that are served."""
        from nhi_components.version import VERSION

        return rpc.GetSchemaResponse(
            json.dumps({"name": "nhi", "version": VERSION, "resources": {LEASE: {}, SEAL: {}, CREDENTIAL: {}}})
        )

    async def check_config(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Judge the configuration, all problems at once."""
        try:
            news = plain_map(request.new_inputs)
            if not contains_unknown(news):
                read_settings(news)
        except SpecError as error:
            return rpc.CheckResponse(failures=_failures(error))
        return rpc.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """A change of references never replaces what was made through them.

        Whether there is one the engine finds out: the SDK hands `changes` on as the protocol's number, by which `True`
        means that nothing has changed.
        """
        return rpc.DiffResponse()

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        """Take the configuration over; what is wrong with it is told before anything begins."""
        settings = read_settings(plain_map(request.args))
        current_approval(settings)
        decisions()
        self._bracket = self._open_bracket(settings)
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Stamp a lease; hand a seal's inputs through."""
        news, olds = plain_map(request.new_inputs), plain_map(request.old_inputs or {})
        if _kind(request.urn) == SEAL:
            return rpc.CheckResponse(inputs=property_map(news))
        try:
            if _kind(request.urn) == CREDENTIAL:
                return rpc.CheckResponse(inputs=property_map(credential.check(news)))
            return rpc.CheckResponse(inputs=property_map(lease.check(news, olds, request.random_seed, self._today())))
        except SpecError as error:
            return rpc.CheckResponse(failures=_failures(error))

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Name what changed; nothing ever replaces."""
        olds, news = _state(request.old_state), plain_map(request.new_inputs)
        if _kind(request.urn) == SEAL and contains_unknown(news):
            return rpc.DiffResponse(changes=True)
        match _kind(request.urn):
            case kind if kind == SEAL:
                names = seal.changed(olds, news, self._clock())
            case kind if kind == CREDENTIAL:
                names = credential.changed(olds, news) or await asyncio.to_thread(
                    self._credential_moved, request.urn, olds
                )
            case _:
                names = lease.changed(olds, news)
        return rpc.DiffResponse(changes=bool(names), diffs=names)

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Reach every system before anything is created; admit what was created."""
        properties = plain_map(request.properties)
        outputs = await self._apply(request.urn, properties, {}, preview=request.preview)
        resource_id = "" if request.preview else _id(request.urn, properties)
        return rpc.CreateResponse(resource_id=resource_id, properties=property_map(outputs))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Keep the ledger; admit what is new."""
        news, olds = plain_map(request.news), _state(request.olds)
        outputs = await self._apply(request.urn, news, olds, preview=request.preview)
        return rpc.UpdateResponse(properties=property_map(outputs))

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Refresh: a seal no longer admits what is gone; a lease is never taken from anywhere but its own state."""
        properties, inputs = _state(request.properties), plain_map(request.inputs)
        if not properties:
            raise SpecError(f"import of {request.resource_id!r}", [_IMPORT])
        if _kind(request.urn) == SEAL:
            inputs_then = seal.SealInputs.from_state(properties)
            admitted = seal.admitted_of(properties)
            standing = await asyncio.to_thread(self._bracket.standing, inputs_then.tags.lease, admitted)
            former = seal.former_of(properties, standing.links)
            properties = seal.outputs(properties, standing.links, cut_off=standing.cut_off, former=former)
        elif _kind(request.urn) == CREDENTIAL:
            standing_now = await asyncio.to_thread(self._look, request.urn, properties)
            properties = credential.found(properties, standing_now)
        return rpc.ReadResponse(request.resource_id, property_map(properties), property_map(inputs))

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Seal: cut everything off. Credential: revoke it. Lease: confirm that nothing is left, and leave evidence."""
        properties = _state(request.properties)
        if _kind(request.urn) == SEAL:
            inputs = seal.SealInputs.from_state(properties)
            links = seal.admitted_of(properties)
            work = partial(
                self._bracket.cut_off,
                inputs.terms,
                links,
                inputs.credentials,
                despite_dependents=bool(os.environ.get(DESPITE_DEPENDENTS)),
                former=seal.former_of(properties, links),
            )
            await asyncio.to_thread(work)
        elif _kind(request.urn) == CREDENTIAL:
            await asyncio.to_thread(self._desk.withdraw, credential.CredentialInputs.from_state(properties).wanted())
        else:
            terms = lease.LeaseInputs.from_state(properties).terms
            timeout = timedelta(seconds=request.timeout) if request.timeout else None
            ledger = lease.ledger_of(properties)
            await asyncio.to_thread(self._bracket.close, terms, ledger, timeout=timeout)

    async def _apply(self, urn: str, news: _Properties, olds: _Properties, *, preview: bool) -> dict[str, Any]:
        if _kind(urn) == SEAL:
            return dict(news) if preview or contains_unknown(news) else await asyncio.to_thread(self._admit, news, olds)
        if _kind(urn) == CREDENTIAL:
            return await asyncio.to_thread(self._foresee if preview else self._deliver, urn, news, olds)
        return await asyncio.to_thread(self._issue, urn, news, olds, preview=preview)

    def _issue(self, urn: str, news: _Properties, olds: _Properties, *, preview: bool) -> dict[str, Any]:
        parts = lease.LeaseInputs.from_state(news).parts
        self._bracket.reach(parts)
        if new := lease.joining(olds, parts):
            for unknown in self._bracket.make_room(new):
                self._warn(urn, f"{unknown}; if there is no room, the creation fails half-way")
        if preview:
            return lease.outputs(news, olds)
        if not olds:
            self._bracket.prove_evidence()
            self._issued.add(news["leaseId"])
        outputs = lease.outputs(news, olds)
        entries, before = lease.ledger_of(outputs), lease.departed(lease.ledger_of(olds))
        waiting = [link for link in lease.departed(entries) if link.key in {b.key for b in before}]
        self._bracket.remove(news["leaseId"], self._unneeded(news, _made_by_seal(waiting)))
        alive = self._bracket.alive(news["leaseId"], waiting)
        gone = {link.key for link in waiting} - alive
        return lease.with_ledger(outputs, lease.confirm(entries, gone, self._clock()))

    def _unneeded(self, news: _Properties, departed: Sequence[Link]) -> Sequence[Link]:
        """Choose what may be removed before the credential is brought to what is wanted, which may move its home.

        Until the new home has the journal, one of the places has it that left the program, and the key as well.
        """
        home = lease.home_of(news)
        if home is None or not departed or self._desk.has_journal(home):
            return departed
        return [link for link in departed if link.kind not in HOME_KINDS]

    def _admit(self, news: _Properties, olds: _Properties) -> dict[str, Any]:
        inputs = seal.SealInputs.from_state(news)
        admitted = self._bracket.admit(inputs.terms, inputs.links)
        self._bracket.remove(news["leaseId"], _made_by_seal(seal.departed(olds, news)))
        self._bracket.clear_up(news["leaseId"], seal.former_of(olds, admitted))
        changes = seal.changes_of(olds)
        change = self._change(inputs, olds, changes + 1)
        if inputs.state is State.SUSPENDED:
            self._bracket.suspend(inputs.terms, admitted, change)
        elif change:
            self._bracket.restore(inputs.terms, admitted, change)
        return seal.outputs(news, admitted, changes=change.number if change else changes)

    def _foresee(self, urn: str, news: _Properties, olds: _Properties) -> dict[str, Any]:
        """Tell what a run would do, and refuse at preview what the run would refuse."""
        if contains_unknown(news) or not olds:
            return credential.foreseen(news, olds, rotates=True)
        inputs = credential.CredentialInputs.from_state(news)
        if inputs.state is State.SUSPENDED or credential.CredentialInputs.from_state(olds).state is State.SUSPENDED:
            return credential.foreseen(news, olds, rotates=inputs.state is State.ACTIVE)
        wanted = inputs.wanted(olds)
        if wanted.moved_from:
            return credential.foreseen(news, olds, rotates=True)
        plan = self._desk.plan(wanted)
        if plan.refused and not os.environ.get(DESPITE_DEPENDENTS):
            raise DependentsLive(wanted.subject, plan.refused)
        return credential.foreseen(news, olds, rotates=plan.decision.cause is not None or plan.is_behind(olds))

    def _deliver(self, urn: str, news: _Properties, olds: _Properties) -> dict[str, Any]:
        inputs = credential.CredentialInputs.from_state(news)
        wanted = inputs.wanted(olds)
        if inputs.state is State.SUSPENDED:
            if olds:
                self._desk.suspend(wanted)
            return credential.found(news, self._desk.look(wanted))
        self._bracket.admit(inputs.terms, inputs.accounts)
        despite = bool(os.environ.get(DESPITE_DEPENDENTS))
        outcome = self._desk.bring_about(inputs.terms, wanted, despite_dependents=despite)
        self._desk.empty(wanted, credential.hidden_behind(olds, inputs))
        for failure in outcome.failures:
            self._warn(urn, f"{wanted.subject}: {failure}")
        if outcome.waits:
            self._warn(urn, f"{wanted.subject}: {outcome.waits}")
        return credential.outputs(news, outcome)

    def _credential_moved(self, urn: str, olds: _Properties) -> list[str]:
        return credential.moved(olds, self._look(urn, olds), self._clock())

    def _look(self, urn: str, olds: _Properties) -> Standing:
        """Look at a credential, and tell people what they have changed of it by hand."""
        wanted = credential.CredentialInputs.from_state(olds).wanted()
        standing = self._desk.look(wanted)
        for line in standing.drift:
            self._warn(urn, f"{wanted.subject}: {line}; `pulumi up` puts that right")
        return standing

    def _change(self, inputs: seal.SealInputs, olds: _Properties, number: int) -> Change | None:
        """Tell how a seal's state changes; None when it does not."""
        lease_id = inputs.tags.lease
        sealed_anew = not olds and lease_id not in self._issued
        if seal.has_turned(olds, inputs) or (sealed_anew and self._bracket.has_ended_access(lease_id)):
            return Change(number, cause_of(inputs.tags, inputs.state, self._today(), decisions()))
        return None

    def _warn(self, urn: str, text: str) -> None:
        """Tell people once."""
        if text not in self._warned:
            self._warned.add(text)
            self._warns(urn, text)

    def _open_bracket(self, settings: Settings) -> Bracket:
        @cache
        def adapter(system: System, connection: str) -> SystemAdapter:
            return open_adapter(system, connection, settings.connection(system, connection))

        @cache
        def recorder() -> EvidenceRecorder:
            return recorder_of(settings, self._clock)

        def approved(tags: LeaseTags, state: State) -> tuple[str | None, str | None]:
            approval = current_approval(settings, decision_on(tags, state, decisions()))
            despite = os.environ.get(DESPITE_DEPENDENTS)
            told = [approval.reason, f"despite dependents: {despite}" if despite else None]
            return approval.approver, "; ".join(filter(None, told)) or None

        patience = timedelta(seconds=settings.deadline_seconds) if settings.deadline_seconds else None
        desk = desk_of(settings.connection, recorder, approved, self._clock)
        self._desk = desk
        return Bracket(adapter, recorder, approved, self._clock, desk=lambda: desk, patience=patience)


_IMPORT = Problem(
    "id",
    "an identity that this stack never issued",
    "a lease from this stack's own state",
    "declare the identity as a component; it is issued anew",
)


def _made_by_seal(links: Sequence[Link]) -> list[Link]:
    return [link for link in links if link.kind not in ENGINE_MANAGED or OURS in link.attributes]


def _state(properties: Mapping[str, PropertyValue]) -> _Properties:
    return readable(plain_map(properties))


def _kind(urn: str) -> str:
    kind = urn.split("::")[2].rsplit("$", 1)[-1]
    if kind not in (LEASE, SEAL, CREDENTIAL):
        raise NhiError(f"{urn}: {kind} is served by no version of this plugin; expected a lease or what it has")
    return kind


def _id(urn: str, properties: _Properties) -> str:
    return str(properties["leaseId"]) + {SEAL: "/seal", CREDENTIAL: "/credential"}.get(_kind(urn), "")


def _failures(error: SpecError) -> list[rpc.CheckFailure]:
    """Name no property: the engine would show its raw value beside the problem, which tells the path itself."""
    return [rpc.CheckFailure("", f"{error.subject}: {problem}") for problem in error.problems]
