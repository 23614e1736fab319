"""Whom principals become by what they are allowed: each set of documents that leads anywhere is followed once.

What leads nowhere is left out before, so that ten thousand roles with one policy beside their own share a way. Whoever
is as good as an administrator is not followed: paths end there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nhi_components.core.links import System
from nhi_components.facts.aws.authorization import Target
from nhi_components.facts.aws.escalation import PASS_ROLE
from nhi_components.facts.aws.holdings import Holder
from nhi_components.facts.aws.model import Statement
from nhi_components.facts.aws.principals import GROUP, ROLE, Principal
from nhi_components.facts.aws.takeovers import ASSUME, BECOMING, CREATE_VERSION, REWRITING
from nhi_components.facts.aws.traits import step_bits
from nhi_components.facts.aws.workloads import WORKLOADS, Workload
from nhi_components.lifecycle.verdicts.readings.aws.held import Bundle, Held
from nhi_components.lifecycle.verdicts.readings.aws.trusts import Trusts
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.patterns import Texts
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows

_ANYBODY: Final = "aws: anybody in"
_FUNCTION: Final = WORKLOADS["aws:lambda/function:Function"]
_INSTANCE: Final = WORKLOADS["aws:ec2/instance:Instance"]
_STEPS: Final = sum(step_bits().values())
_ARN_PARTS: Final = 6


def _bits(actions: Iterable[str]) -> int:
    return sum(step_bits()[action] for action in set(actions))


_LEADING: Final = _bits(
    (
        ASSUME,
        PASS_ROLE,
        CREATE_VERSION,
        *(way.action for ways in (*BECOMING.values(), *REWRITING.values()) for way in ways),
        *(action for workload in (_FUNCTION, _INSTANCE) for action, _ in workload.takeovers),
    )
)
"""What by itself, on something that it names, leads to a principal."""


class _Key(NamedTuple):
    bundle: Bundle
    account: str
    is_user: bool


class _Running(NamedTuple):
    workload: Workload
    target: Target
    role: str


@dataclass(slots=True)
class _Way:
    """Where one set of documents leads.

    Attributes:
        name: of the set.
        steps: principals, each with how it is become, and whether for certain.
        rewrites: principals whose grants it may change, and how.
    """

    name: str
    steps: dict[str, tuple[str, bool]] = field(default_factory=dict)
    rewrites: dict[str, str] = field(default_factory=dict)


class Doors:
    """The ways that permissions open.

    Args:
        found: the estate.
        held: its principals.
        trusts: whom roles admit.
        strong: what makes its holder an administrator, or as good as one.
    """

    def __init__(self, found: Found, held: Held, trusts: Trusts, strong: frozenset[Bundle]) -> None:
        self._held, self._trusts, self._strong = held, trusts, strong
        self._running = _running(found)
        self._attached: dict[str, list[str]] = defaultdict(list)
        for key in held.principals:
            for carrier in held.carried.get(key, ()):
                if ":policy/" in carrier and ":iam::aws:" not in carrier:
                    self._attached[carrier].append(key)
        self._targets = Texts((*held.principals, *self._running, *self._attached))
        self._leads: dict[int, bool] = {}
        self._capped: dict[Bundle, bool] = {}
        self._ways: dict[str, _Way] = {}

    def tell(self, rows: Rows) -> None:
        """Tell all steps, and who may change its own grants, or those of whom it may become."""
        self._tell_permitted(rows)
        self._tell_named(rows)
        self._tell_open(rows)

    def _tell_permitted(self, rows: Rows) -> None:
        alike: dict[_Key, list[str]] = defaultdict(list)
        for key, principal in self._held.principals.items():
            leading = self._leading(key)
            if leading is not None:
                # What a group leads to, whoever joins it is led to.
                alike[_Key(leading, principal.target.account, principal.identity.kind != ROLE)].append(key)
        for number, (door, keys) in enumerate(alike.items()):
            way = self._follow(door, keys[0] if len(keys) == 1 else f"aws: what {len(keys)} are led by, {number}")
            for key in keys:
                self._ways[key] = way
                if len(keys) > 1:
                    rows.name(key, way.name)
            for target, (how, certain) in way.steps.items():
                rows.step(way.name, target, how, certain=certain)
                if certain and target in way.rewrites:
                    self._tell_rewriting(rows, way.name, way, target)
            for key in keys if way.rewrites else ():
                for own in (key, *self._held.groups_of(key)):
                    if own in way.rewrites:
                        of = "itself" if own == key else f"{own}, in which it is"
                        rows.power(key, Degree.SELF_ESCALATING, f"may {way.rewrites[own]} {of}")

    def _tell_named(self, rows: Rows) -> None:
        """Tell whom trusts name: in the same account they need no permission, in another they do."""
        for caller, role, admitted in self._trusts.named():
            key, target = caller.identity.key, role.identity.key
            bundle, certain = self._held.bundle(key), admitted.certain
            if admitted.by_name and caller.target.account == role.target.account:
                allowed = self._is_uncapped(bundle) or self._asked(bundle, caller).unbounded(ASSUME, role)
            else:
                leave = self._asked(bundle, caller).may(ASSUME, role.target, role)
                allowed, certain = leave is not None, certain and leave is not None and not leave.under
            if allowed:
                rows.step(key, target, "assume", certain=certain)
                way = self._ways.get(key)
                if certain and way is not None and target in way.rewrites:
                    self._tell_rewriting(rows, key, way, target)

    def _tell_open(self, rows: Rows) -> None:
        """Tell of roles that admit anyone of their account."""
        accounts = set()
        for role, certain in self._trusts.open_to_own_account():
            account, target = role.target.account, role.identity.key
            accounts.add(account)
            rows.step(f"{_ANYBODY} {account}", target, "assume", certain=certain)
            for key in self._capped_in(account):
                caller = self._held.principals[key]
                if key != target and self._asked(self._held.bundle(key), caller).unbounded(ASSUME, role):
                    rows.step(key, target, "assume", certain=certain)
        for account in accounts:
            capped = set(self._capped_in(account))
            for key in self._held.accounts[account]:
                if key not in capped and self._held.principals[key].identity.kind != GROUP:
                    rows.name(key, f"{_ANYBODY} {account}")

    @staticmethod
    def _tell_rewriting(rows: Rows, name: str, way: _Way, target: str) -> None:
        rows.power(name, Degree.SELF_ESCALATING, f"may {way.rewrites[target]} {target}, which it may become")

    def _capped_in(self, account: str) -> list[str]:
        return [key for key in self._held.accounts[account] if not self._is_uncapped(self._held.bundle(key))]

    def _is_uncapped(self, bundle: Bundle) -> bool:
        if bundle not in self._capped:
            self._capped[bundle] = self._held.is_capped(bundle)
        return not self._capped[bundle]

    def _asked(self, bundle: Bundle, caller: Principal) -> Holder:
        return self._held.holder(bundle, caller.target.account, caller)

    def _leading(self, key: str) -> Bundle | None:
        """Give those documents of a principal that lead somewhere, or may take that away; None for none."""
        bundle = self._held.bundle(key)
        if bundle in self._strong:
            return None
        leading = tuple(number for number in bundle.documents if self._may_lead(number))
        allows = any(s.allows for number in leading for g in self._held.parsed(number).grants for s in g.statements)
        return Bundle(leading, bundle.boundary) if allows else None

    def _may_lead(self, number: int) -> bool:
        if number not in self._leads:
            statements = (s for grant in self._held.parsed(number).grants for s in grant.statements)
            self._leads[number] = any(
                not s.allows or s.not_actions is not None or s.traits & _STEPS for s in statements
            )
        return self._leads[number]

    def _follow(self, door: _Key, name: str) -> _Way:
        way = _Way(name)
        holder = self._held.holder(door.bundle, door.account)
        statements = [held.statement for held in holder.holdings.allowing]
        patterns = dict.fromkeys(text for each in statements for text in _patterns(each))
        for arn in dict.fromkeys(arn for pattern in patterns for arn in self._targets.matching(pattern)):
            if arn in self._running:
                self._through(way, holder, self._running[arn], door.account)
            elif arn in self._attached:
                if holder.may(CREATE_VERSION, _target(arn), None) is not None:
                    for key in self._attached[arn]:
                        way.rewrites.setdefault(key, f"rewrite {arn}, a policy of")
            elif name != arn:
                self._into(way, holder, self._held.principals[arn], door)
            else:
                self._rewritten(way, holder, self._held.principals[arn], door)
        return way

    def _into(self, way: _Way, holder: Holder, target: Principal, door: _Key) -> None:
        self._rewritten(way, holder, target, door)
        kind, key = target.identity.kind, target.identity.key
        if target.target.account == door.account and (kind != GROUP or door.is_user):
            for takeover in BECOMING[kind]:
                leave = holder.may(takeover.action, target.target, target)
                if leave is not None:
                    _add(way, key, takeover.how, certain=not leave.under)
        if kind == ROLE:
            self._assumed(way, holder, target, door)
            if target.target.account == door.account:
                self._passed(way, holder, target)

    def _rewritten(self, way: _Way, holder: Holder, target: Principal, door: _Key) -> None:
        """Note whether it changes what somebody is granted; a boundary caps that."""
        key = target.identity.key
        if target.target.account != door.account or key in self._held.boundaries:
            return
        for takeover in REWRITING[target.identity.kind]:
            leave = holder.may(takeover.action, target.target, target)
            if leave is not None and not leave.under:
                way.rewrites.setdefault(key, takeover.how)

    def _assumed(self, way: _Way, holder: Holder, role: Principal, door: _Key) -> None:
        admitted = self._trusts.admits_account(role, door.account)
        if admitted is None or (admitted.by_name and role.target.account == door.account):
            return
        leave = holder.may(ASSUME, role.target, role)
        if leave is not None:
            _add(way, role.identity.key, "assume", certain=admitted.certain and not leave.under)

    def _passed(self, way: _Way, holder: Holder, role: Principal) -> None:
        for method in holder.passing():
            service = method.passes_role_to
            if self._trusts.admits_service(role, service):
                leave = holder.may(PASS_ROLE, role.target, role, service)
                if leave is not None:
                    _add(way, role.identity.key, f"run code through {service} as", certain=not leave.under)
                    return

    def _through(self, way: _Way, holder: Holder, running: _Running, account: str) -> None:
        if running.target.account != account or running.role not in self._held.principals:
            return
        for action, beside in running.workload.takeovers:
            leave = holder.may(action, running.target, None)
            if leave is not None and (not beside or holder.has_any(beside)):
                how = f"run code in the {running.workload.noun} {running.target.resource}, as"
                _add(way, running.role, how, certain=not leave.under)
                return


def _add(way: _Way, target: str, how: str, *, certain: bool) -> None:
    if target == way.name:
        return
    known = way.steps.get(target)
    if known is None or (certain and not known[1]):
        way.steps[target] = (how, certain)


def _patterns(statement: Statement) -> Iterator[str]:
    if statement.not_actions is None and not statement.traits & _LEADING:
        return
    if statement.not_resources is not None:
        yield "*"
    for pattern in statement.resources:
        # What a variable stands for is told of each caller alone; of the usual one, its name, the powers tell.
        if "${" not in pattern:
            yield pattern if pattern.count(":") >= _ARN_PARTS - 1 else f"{pattern.rstrip('*')}*"


def _target(arn: str, key: str = "") -> Target:
    parts = arn.split(":", _ARN_PARTS - 1)
    return Target(parts[2], parts[4], parts[5], key)


def _running(found: Found) -> dict[str, _Running]:
    """Find what runs as roles: functions, and instances by their profiles."""
    told = list(found.rows("dependents", System.AWS, "identity", "kind", "name"))
    running: dict[str, _Running] = {}
    roles = {name: identity for identity, kind, name in told if kind == "instance-profile"}
    for identity, kind, name in told:
        if kind == "function":
            running[name] = _Running(_FUNCTION, _target(name), identity)
        elif kind == "instance" and identity in roles:
            region, _, id_ = name.partition("/")
            arn = f"arn:aws:ec2:{region}:{_target(identity).account}:instance/{id_}"
            running[arn] = _Running(_INSTANCE, _target(arn), roles[identity])
    return running
