"""What adopting a service account of Google Cloud comes to: what it may do from then on, what leaves, what is open.

Nothing tells which of its permissions an account uses, so that nothing is dropped but what people say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_resource import ResourceKind, Target, target_of
from nhi_components.core.grant import Grant
from nhi_components.core.tags import cut
from nhi_components.lifecycle.adoption.aws_trust import Untranslatable
from nhi_components.lifecycle.adoption.existing import Existing, NotAdoptable
from nhi_components.lifecycle.adoption.gcp_trust import KnownAccountTrust, account_trust_of
from nhi_components.lifecycle.adoption.ports import Account, AccountReader, Bound

ACCOUNT: Final = "service-account"
NOT_REDUCED: Final = "Google Cloud tells of an account when it was last used, not with which permissions"

_MEMBER: Final = "serviceAccount:"
_ROLE: Final = "roles/"
_TRUST: Final = "trust policy"
_ROOM: Final = 256 - len(" nhi:lease=lease-") - 16
"""Bytes of a description beside the lease's mark."""


@dataclass(frozen=True, slots=True)
class AccountWishes:
    """What people decide about an adoption.

    Attributes:
        targets: resources by service, in whose place a grant of that service on a whole project is made.
        dropped: patterns of roles, and of permissions of custom roles, that are not needed.
    """

    targets: Mapping[str, Sequence[str]]
    dropped: Sequence[str]


@dataclass(frozen=True, slots=True)
class BoundDecision:
    """What becomes of one binding.

    Attributes:
        role: its role.
        resource: on what.
        kept: whether the lease grants the same, or a part of it.
        reason: why, for people.
    """

    role: str
    resource: str
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What adopting a service account comes to.

    Attributes:
        existing: the identity as the inventory has it.
        account: the account as it is now.
        trust: who may become it, as before.
        grants: what it may do from then on.
        decisions: what becomes of each binding, and why.
        adopts: what the component is told of the account.
    """

    existing: Existing
    account: Account
    trust: KnownAccountTrust
    grants: tuple[Grant, ...]
    decisions: tuple[BoundDecision, ...]
    adopts: AdoptedServiceAccount


def plan_account(existing: Existing, reader: AccountReader, wishes: AccountWishes) -> AccountPlan:
    """Plan the adoption of a service account; changes nothing.

    Raises:
        NotAdoptable: it is not what the inventory says, or no component says what it is.
        SpecError: with everything that people have to decide first.
    """
    key = existing.listed.key
    email = key.removeprefix(_MEMBER)
    account = reader.account(email, [each.target for each in existing.grants])
    _refuse_changed(existing, account)
    assert account is not None  # noqa: S101 - `_refuse_changed` has refused it
    _refuse_unfit(key, account)
    trust = _trust(key, account)
    planned = _Granting(existing, account, wishes)
    grants, decisions = planned.run()
    if planned.problems:
        raise SpecError(f"nhi adopt {email!r}", planned.problems)
    leaving = (*account.let_in, *account.granted)
    names = sorted({str(BindingName(each.resource, each.role, each.member)) for each in leaving})
    adopts = AdoptedServiceAccount(
        email=email,
        unique_id=account.unique_id,
        bindings=tuple(names),
        description=cut(account.description.strip(), _ROOM),
    )
    return AccountPlan(existing, account, trust, grants, decisions, adopts)


def _refuse_changed(existing: Existing, account: Account | None) -> None:
    """Refuse an account of which the inventory says something else than IAM: people decide by the inventory."""
    found = existing.listed
    fix = "run `nhi discover` again, look at what has changed, and repeat the command"
    if account is None or account.unique_id != found.unique_id:
        got = f"an account with the unique id {account.unique_id}" if account else "no account of that address"
        raise NotAdoptable(found.key, Problem("account", got, f"{found.unique_id}, as the inventory has it", fix))
    then = {
        (each.target, each.privilege, each.condition) for each in existing.grants if not _is_own(each.target, found.key)
    }
    now = {(each.resource, each.role, each.condition) for each in account.granted}
    readable = {each for each in then if target_of(each[0])}
    changed = sorted({f"{role} on {resource}" for resource, role, _ in now ^ readable})
    known = {each for document in existing.of_itself(_TRUST) for each in _let_in(document.content)}
    if known != {(each.role, each.member, each.condition) for each in account.let_in}:
        changed.append("who may become it")
    if changed:
        expected = "the same bindings as in the inventory"
        raise NotAdoptable(found.key, Problem("bindings", f"changed since: {', '.join(changed)}", expected, fix))


def _let_in(content: str) -> Iterator[tuple[str, str, str]]:
    for binding in json.loads(content)["bindings"]:
        condition = json.dumps(binding["condition"], sort_keys=True) if binding.get("condition") else ""
        yield from ((binding["role"], member, condition) for member in binding["members"])


def _is_own(resource: str, key: str) -> bool:
    return resource.endswith(f"/serviceAccounts/{key.removeprefix(_MEMBER)}")


def _refuse_unfit(key: str, account: Account) -> None:
    """Refuse what its lease could not answer for: a disabled account, and keys that no lease ends."""
    if account.disabled:
        fix = "enable it and run `nhi discover` again, or decommission it with `nhi decommission`"
        got = "a disabled account, which adopting it would enable"
        raise NotAdoptable(key, Problem("account", got, "one that is enabled", fix))
    if account.usable_keys:
        got = f"usable keys that people made: {', '.join(account.usable_keys)}"
        fix = (
            "move what uses them to one of the account's ways in, disable or delete them with "
            "`gcloud iam service-accounts keys`, then run `nhi discover` again"
        )
        raise NotAdoptable(key, Problem("keys", got, "none: a key outlives every binding's end", fix))


def _trust(key: str, account: Account) -> KnownAccountTrust:
    try:
        return account_trust_of(account.let_in)
    except Untranslatable as error:
        fix = (
            "let in by its own policy only what one trust says (docs/gcp.md), run `nhi discover`, then adopt it; move "
            "whoever else needs it to an account of their own"
        )
        raise NotAdoptable(
            key, Problem("ways in", str(error), "a trust that a component can keep as it is", fix)
        ) from None


class _Granting:
    """Makes grants of what is bound for an account; what can't be one is told in `problems`."""

    def __init__(self, existing: Existing, account: Account, wishes: AccountWishes) -> None:
        self._existing = existing
        self._account = account
        self._wishes = wishes
        self._heeded: set[str] = set()
        self.problems: list[Problem] = []

    def run(self) -> tuple[tuple[Grant, ...], tuple[BoundDecision, ...]]:
        """Decide about each binding."""
        grants: list[Grant] = []
        decisions: list[BoundDecision] = []
        for bound in self._account.granted:
            grant, decision = self._decided(bound)
            decisions.append(decision)
            if grant:
                grants.append(grant)
        self.problems += self._beyond()
        for service, named in self._wishes.targets.items():
            for resource in named:
                if resource not in self._heeded:
                    fix = "correct it; what it may not do now is granted in its program, once it is adopted"
                    expected = f"something in a project on which {service} is granted now"
                    self.problems.append(Problem("--on", f"{service}={resource}", expected, fix))
        return _merged(grants), tuple(decisions)

    def _decided(self, bound: Bound) -> tuple[Grant | None, BoundDecision]:
        def decision(reason: str, *, kept: bool = False) -> BoundDecision:
            return BoundDecision(bound.role, bound.resource, kept, reason)

        if self._is_dropped(bound.role):
            return None, decision("not needed, as somebody says")
        if bound.condition:
            self._undecided(bound, "a condition that no grant says", "narrow it to a resource without a condition")
            return None, decision("undecided")
        actions, reason = self._actions(bound)
        if not actions:
            return None, decision(reason)
        targets = self._targets(bound)
        grant = Grant(actions=actions, targets=targets)
        if wrong := gcp_grant_problems([grant]):
            for each in wrong:
                self._undecided(bound, f"{each.got}, expected {each.expected}", each.fix)
            return None, decision("undecided")
        narrowed = "granted on what was named with --on" if targets != (bound.resource,) else reason
        return grant, decision(narrowed, kept=True)

    def _actions(self, bound: Bound) -> tuple[tuple[str, ...], str]:
        if bound.role.startswith(_ROLE):
            return (bound.role,), "granted as it is"
        listed = self._account.roles[bound.role]
        kept = tuple(each for each in listed if not self._is_dropped(each))
        if not listed:
            return (), "its role is deleted, disabled or empty"
        if not kept:
            return (), "not needed, as somebody says"
        return kept, "a role of its own with these permissions" if kept == listed else "only what was not dropped"

    def _targets(self, bound: Bound) -> tuple[str, ...]:
        """Give what was named in a project's place, where the project is the one that it lies in."""
        whole = target_of(bound.resource)
        if whole is None or whole.kind is not ResourceKind.PROJECT:
            return (bound.resource,)
        named = self._wishes.targets.get(_service(bound, self._account.roles), ())
        within = [each for each in named if (target := target_of(each)) and _lies_in(target, whole)]
        self._heeded.update(within)
        return tuple(within) or (bound.resource,)

    def _beyond(self) -> Iterator[Problem]:
        """Tell of what is bound where no component binds: on folders, the organisation, and kinds that none knows."""
        for each in self._existing.grants:
            if target_of(each.target) is None and not _is_own(each.target, self._existing.listed.key):
                fix = "bind what is needed on a project or a resource, take it out there, and run `nhi discover` again"
                yield Problem(f"{each.privilege} on {each.target}", "bound where no component binds", "a project", fix)

    def _undecided(self, bound: Bound, got: str, fix: str) -> None:
        expected = "what a component can grant"
        self.problems.append(
            Problem(f"{bound.role} on {bound.resource}", got, expected, f"{fix}; or drop it with --drop '{bound.role}'")
        )

    def _is_dropped(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._wishes.dropped)


def _service(bound: Bound, roles: Mapping[str, Sequence[str]]) -> str:
    """Name the one service that a role is about; empty for several."""
    names = [bound.role.removeprefix(_ROLE)] if bound.role.startswith(_ROLE) else roles[bound.role]
    services = {name.partition(".")[0] for name in names}
    return services.pop() if len(services) == 1 else ""


def _lies_in(target: Target, project: Target) -> bool:
    """Tell whether a resource lies in a project; a bucket's name does not tell."""
    return target.kind is not ResourceKind.PROJECT and target.project == project.project


def _merged(grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Put grants of the same actions together, in order."""
    targets: dict[tuple[str, ...], list[str]] = {}
    for grant in grants:
        targets.setdefault(tuple(grant.actions), []).extend(grant.targets)
    return tuple(Grant(actions=actions, targets=tuple(dict.fromkeys(on))) for actions, on in targets.items())
