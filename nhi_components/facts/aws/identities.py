"""The AWS identities of one stack: what each may do with all its documents together, and which it may become.

Sources: IAM user guide, 'Policy evaluation logic', 'Methods to assume a role' and 'Grant a user permissions to pass a
role': in one account a trust that names the caller suffices, one that names the account needs the caller's permission.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from nhi_components.facts.aws.authorization import Target
from nhi_components.facts.aws.escalation import PASS_ROLE
from nhi_components.facts.aws.holdings import Holder
from nhi_components.facts.aws.index import HolderIndex
from nhi_components.facts.aws.principals import GROUP, ROLE, TYPES, USER, Principal, Running, gather
from nhi_components.facts.aws.service_accounts import ServiceAccounts
from nhi_components.facts.aws.takeovers import ASSUME, BECOMING, CREATE_VERSION, REWRITING, Takeover
from nhi_components.facts.aws.traits import step_bits
from nhi_components.facts.aws.trust import Door, door_of
from nhi_components.facts.aws.workloads import TERRAFORM
from nhi_components.facts.chain.model import Budget, Combination, Identity, Part, Power, Rewriting, Step, Unlinked
from nhi_components.facts.chain.naming import called

_EDITING: Final = frozenset({CREATE_VERSION, *(each.action for ways in REWRITING.values() for each in ways)})
_EDITING_BITS: Final = sum(step_bits()[action] for action in _EDITING)
_BECOMING_BITS: Final = sum(step_bits().values()) - _EDITING_BITS

__all__ = ["TERRAFORM", "TYPES", "AwsIdentities", "system_of"]


class AwsIdentities:
    """An `IdentitySystem` of AWS.

    Args:
        parts: the resources of one stack.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        self._principals, unlinked = gather(parts)
        self.unlinked: Sequence[Unlinked] = unlinked
        self.identities: dict[str, Identity] = {key: each.identity for key, each in self._principals.items()}
        self._service_accounts = ServiceAccounts(self._principals)
        self.identities.update(self._service_accounts.identities)
        self._at: datetime | None = None
        self._holders: dict[str, Holder] = {}
        self._doors: dict[str, Door] = {}
        self._index, self._editing = HolderIndex(_BECOMING_BITS), HolderIndex(_EDITING_BITS)

    def powers(self, now: datetime) -> Mapping[str, Power]:
        """As `IdentitySystem.powers`."""
        self._judge_at(now)
        powers = {}
        for key, holder in self._holders.items():
            power = holder.power()
            if power is not None:
                powers[key] = power
        return powers

    def combinations(self, now: datetime) -> Iterator[Combination]:
        """As `IdentitySystem.combinations`."""
        self._judge_at(now)
        for holder in self._holders.values():
            found = holder.combination()
            if found is not None:
                yield found

    def rewritings(self, now: datetime, budget: Budget) -> Iterator[Rewriting]:
        """As `IdentitySystem.rewritings`; by those that are not administrators anyway.

        What a boundary caps is not rewritten into more than that.
        """
        self._judge_at(now)
        members = self._members()
        among = self._holders.keys() - self.powers(now).keys()
        for key, edited in self._principals.items():
            if edited.boundary is not None:
                continue
            keys = members.get(key, ()) if edited.identity.kind == GROUP else (key,)
            for editor, takeover, place in self._editors(edited, among, budget):
                for each in keys:
                    yield Rewriting(editor, each, takeover, place)

    def into(self, key: str, now: datetime, among: Collection[str], budget: Budget) -> Iterator[Step]:
        """As `IdentitySystem.into`."""
        principal = self._principals.get(key)
        if principal is None:
            return
        self._judge_at(now)
        yield from self._by_trust(principal, among, budget)
        yield from self._by_permission(principal, among, budget)
        for running in principal.running:
            yield from self._by_workload(principal, running, among, budget)
        yield from self._service_accounts.into(principal, self._doors[key], now, among)

    def _judge_at(self, now: datetime) -> None:
        if self._at == now:
            return
        self._at = now
        self._index, self._editing = HolderIndex(_BECOMING_BITS), HolderIndex(_EDITING_BITS)
        for key, principal in self._principals.items():
            groups = [self._principals[group] for group in principal.groups]
            holder = self._holders[key] = Holder(principal, groups, now)
            self._doors[key] = door_of(principal)
            if principal.identity.kind != GROUP:
                self._index.add(key, principal, holder.holdings.allowing)
                self._editing.add(key, principal, holder.holdings.allowing)

    def _members(self) -> Mapping[str, list[str]]:
        members: dict[str, list[str]] = {}
        for key, principal in self._principals.items():
            for group in principal.groups:
                members.setdefault(group, []).append(key)
        return members

    def _editors(self, edited: Principal, among: Collection[str], budget: Budget) -> Iterator[tuple[str, str, str]]:
        for editor in self._editing.holding(edited.target, among, budget):
            found = self._taken_over(editor, edited.target, REWRITING[edited.identity.kind])
            if found is not None:
                yield editor, found[0], found[1]
        for policy in edited.policies:
            for editor in self._editing.holding(policy, among, budget):
                leave = self._holders[editor].may(CREATE_VERSION, policy, self._principals.get(policy.key))
                if leave is not None:
                    yield editor, "rewrite the policy of", leave.held.place(CREATE_VERSION)

    def _taken_over(self, caller: str, target: Target, ways: Iterable[Takeover]) -> tuple[str, str] | None:
        for way in ways:
            leave = self._holders[caller].may(way.action, target, self._principals.get(target.key))
            if leave is not None:
                return way.how, leave.held.place(way.action)
        return None

    def _by_trust(self, role: Principal, among: Collection[str], budget: Budget) -> Iterator[Step]:
        """Yield the steps of those whom the trust names, who need no permission in the same account."""
        key, door = role.identity.key, self._doors[role.identity.key]
        place = f"{called(role.identity.resource)} {door.place}"
        for caller in self._index.named(door.names):
            if caller in among and caller != key and budget.spend():
                step = self._named_by_trust(caller, role, door)
                if step is not None:
                    yield step
        for caller in door.references:
            if caller in among and caller in self._principals and caller != key and budget.spend():
                certain = door.is_known
                if not certain and not self._holders[caller].denies(ASSUME, role):
                    yield Step(caller, key, "assume", "if its trust, not known yet, admits it", place, certain)
                elif certain and self._holders[caller].unbounded(ASSUME, role):
                    note = f"its trust names {self._principals[caller].identity.name}"
                    yield Step(caller, key, "assume", note, place)

    def _named_by_trust(self, caller: str, role: Principal, door: Door) -> Step | None:
        holder, principal = self._holders[caller], self._principals[caller]
        admission = door.admits(principal, holder.situation(role.tags, role.target))
        if admission is None or not admission.by_name:
            return None
        foreign = role.target.account and principal.target.account not in ("", role.target.account)
        allowed = holder.may(ASSUME, role.target, role) if foreign else holder.unbounded(ASSUME, role)
        if not allowed:
            return None
        place = f"{called(role.identity.resource)} {admission.place}"
        note = f"its trust {admission.words}"
        return Step(caller, role.identity.key, "assume", _noted(note, admission.under), place)

    def _by_permission(self, principal: Principal, among: Collection[str], budget: Budget) -> Iterator[Step]:
        kind, key = principal.identity.kind, principal.identity.key
        for caller in self._index.holding(principal.target, among, budget):
            if caller == key or (kind == GROUP and self._principals[caller].identity.kind != USER):
                continue
            found = self._taken_over(caller, principal.target, BECOMING[kind])
            if found is not None:
                yield Step(caller, key, found[0], "", found[1])
            elif kind == ROLE:
                yield from self._assumed(caller, principal)
                yield from self._passed(caller, principal)

    def _assumed(self, caller: str, role: Principal) -> Iterator[Step]:
        holder, door = self._holders[caller], self._doors[role.identity.key]
        leave = holder.may(ASSUME, role.target, role)
        if leave is None:
            return
        place = leave.held.place(ASSUME)
        if not door.is_known:
            note = "if its trust, not known yet, admits it"
            yield Step(caller, role.identity.key, "assume", note, place, certain=False)
            return
        admission = door.admits(self._principals[caller], holder.situation(role.tags, role.target))
        if admission is not None:
            note = f"its trust {admission.words}"
            yield Step(caller, role.identity.key, "assume", _noted(note, (*leave.under, *admission.under)), place)

    def _passed(self, caller: str, role: Principal) -> Iterator[Step]:
        holder, door = self._holders[caller], self._doors[role.identity.key]
        for method in holder.passing():
            if door.is_known and not door.admits_service(method.passes_role_to):
                continue
            leave = holder.may(PASS_ROLE, role.target, role, method.passes_role_to)
            if leave is not None:
                what = method.name.removesuffix(", as a role passed to it")
                note = f"to {method.passes_role_to}, and {what}"
                place = leave.held.place(PASS_ROLE)
                yield Step(caller, role.identity.key, "pass", note, place, certain=door.is_known)
                return

    def _by_workload(self, role: Principal, running: Running, among: Collection[str], budget: Budget) -> Iterator[Step]:
        for caller in self._index.holding(running.target, among, budget):
            for action, beside in running.workload.takeovers:
                leave = self._holders[caller].may(action, running.target, None)
                if leave is None or (beside and not self._holders[caller].has_any(beside)):
                    continue
                note = f"through {running.name}, which runs as it"
                how = f"act ({action.partition(':')[0]}) as"
                yield Step(caller, role.identity.key, how, note, leave.held.place(action))
                break


def _noted(note: str, under: Iterable[str]) -> str:
    keys = ", ".join(dict.fromkeys(under))
    return f"{note}, under conditions on {keys}" if keys else note


def system_of(parts: Iterable[Part]) -> AwsIdentities:
    """Make the identities of AWS from the resources of one stack."""
    return AwsIdentities(parts)
