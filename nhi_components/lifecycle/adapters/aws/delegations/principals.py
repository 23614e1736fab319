"""How a policy's statement names a role: directly, or through a condition, a pattern or an exception."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nhi_components.core.delegation import lease_of_sid
from nhi_components.core.glob import glob_matches
from nhi_components.core.lease_id import IAM_PATH, suffix_of
from nhi_components.lifecycle.adapters.aws.delegations.documents import Statement
from nhi_components.lifecycle.ports import Ownership

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(?P<account>\d{12}):role(?P<path>/(?:[\x21-\x7e]+/)?)(?P<name>[^/]+)")
_SESSION = re.compile(r"arn:aws[\w-]*:sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/.+")
_OF_A_ROLE = "AROA"
_UNIQUE_ID = re.compile(r"A(?:ROA|IDA)[A-Z0-9]+")
_KEYS_OF_PRINCIPALS = frozenset({"aws:principalarn", "aws:userid"})
_ANOTHER_ROLE = "nhi-any-other-role"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a role of some name.

    Attributes:
        unique_ids: those that the lease's own role has or had.
        by_name: whose an ARN with that name is now; None for another lease's.
        current: the newest of the unique ids; None where none is known.
    """

    unique_ids: frozenset[str]
    by_name: Ownership | None
    current: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One principal of a statement, as far as it concerns the lease.

    Attributes:
        entry: as the policy writes it.
        role: the role's name; empty when only its unique id is left.
        unique_id: the role's, where it is known.
        ownership: ours, or a later role's of the same name.
    """

    entry: str
    role: str
    unique_id: str | None
    ownership: Ownership


@dataclass(frozen=True, slots=True)
class Mention:
    """A role of the lease that a statement singles out, but not as its principal.

    Attributes:
        role: the role's name.
        unique_id: the role's, where it is known.
        how: in a few words.
    """

    role: str
    unique_id: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Principals:
    """The roles of one lease in one account, as policies may name them.

    Attributes:
        lease_id: the lease; empty where only the roles count.
        account: theirs.
        standings: by role name.
        beyond: whether a role that no longer exists is also known by its folder and the lease's suffix.
    """

    lease_id: str
    account: str
    standings: Mapping[str, Standing] = field(default_factory=dict)
    beyond: bool = False

    def claims(self, statement: Statement) -> list[Claim]:
        """Tell which of a statement's principals are roles of the lease."""
        entries = aws_principals(statement)
        # We write one principal into a statement, so a unique id that stands beside others is not known to be ours.
        sid = str(statement.get("Sid", "")) if len(entries) == 1 else ""
        return [claim for entry in entries if (claim := self._claim(entry, sid))]

    def mention(self, statement: Statement) -> Mention | None:
        """Tell how a statement that names no role of the lease directly still singles one out; None when it doesn't.

        What fits every other role of our folder as well does not single it out.
        """
        for entry in _listed_principals(statement.get("NotPrincipal")):
            if claim := self._claim(entry, ""):
                return Mention(claim.role, claim.unique_id, "excepts it by NotPrincipal")
        for key, value in _tests_of_principals(statement):
            for name, standing in self.standings.items():
                if standing.by_name is Ownership.OURS and self._singles_out(key, value, name, standing):
                    return Mention(name, standing.current, f"names it by a condition on {key}: {value}")
        return None

    def _claim(self, entry: str, sid: str) -> Claim | None:
        for name, standing in self.standings.items():
            if entry in standing.unique_ids:
                return Claim(entry, name, entry, Ownership.OURS)
        if is_unique_id(entry):
            orphan = entry.startswith(_OF_A_ROLE) and bool(self.lease_id) and lease_of_sid(sid) == self.lease_id
            return Claim(entry, "", entry, Ownership.OURS) if orphan else None
        named = _ROLE.fullmatch(entry) or _SESSION.fullmatch(entry)
        if named is None or named["account"] != self.account:
            return None
        name = named["name"]
        if (known := self.standings.get(name)) is not None:
            return Claim(entry, name, known.current, known.by_name) if known.by_name else None
        path = named.groupdict().get("path", IAM_PATH)
        vanished = self.beyond and path == IAM_PATH and name.endswith(f"-{suffix_of(self.lease_id)}")
        return Claim(entry, name, None, Ownership.OURS) if vanished else None

    def _singles_out(self, key: str, value: str, name: str, standing: Standing) -> bool:
        if key == "aws:userid":
            return any(value.startswith(unique_id) for unique_id in standing.unique_ids)
        partitions = ("aws", "aws-cn", "aws-us-gov")

        def fits(role: str) -> bool:
            roots = [f"arn:{partition}:iam::{self.account}:role" for partition in partitions]
            return any(glob_matches(value, f"{root}{path}{role}") for root in roots for path in ("/", IAM_PATH))

        return fits(name) and not fits(_ANOTHER_ROLE)


def aws_principals(statement: Statement) -> list[str]:
    """List a statement's principals of AWS, as it writes them."""
    return _listed_principals(statement.get("Principal"))


def is_unique_id(entry: str) -> bool:
    """Tell whether a principal is what AWS puts in the place of a role or user that is gone."""
    return _UNIQUE_ID.fullmatch(entry) is not None


def without_entries(statement: Statement, doomed: Iterable[str]) -> Statement | None:
    """Take principals out of a statement; None when nobody is left in it."""
    gone = set(doomed)
    kept = [entry for entry in aws_principals(statement) if entry not in gone]
    principal = statement["Principal"]
    others = {kind: entries for kind, entries in principal.items() if kind != "AWS"}
    if not kept and not others:
        return None
    remaining = {**others, "AWS": kept} if kept else others
    order = [kind for kind in principal if kind in remaining]
    return {**statement, "Principal": {kind: remaining[kind] for kind in order}}


def _listed_principals(principal: Any) -> list[str]:
    entries = principal.get("AWS", []) if isinstance(principal, Mapping) else []
    return [str(entry) for entry in (entries if isinstance(entries, list) else [entries])]


def _tests_of_principals(statement: Statement) -> Iterator[tuple[str, str]]:
    conditions = statement.get("Condition")
    for tests in conditions.values() if isinstance(conditions, Mapping) else ():
        for key, values in tests.items() if isinstance(tests, Mapping) else ():
            if key.lower() in _KEYS_OF_PRINCIPALS:
                yield from ((key.lower(), str(value)) for value in (values if isinstance(values, list) else [values]))
