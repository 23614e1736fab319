"""The principals of all accounts, and the documents that each of them holds; each distinct content is read once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from nhi_components.core.links import System
from nhi_components.facts.aws.authorization import Target
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.holdings import Holder
from nhi_components.facts.aws.managed_policy import read_attachment
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.principals import GROUP, ROLE, USER, Document, Principal
from nhi_components.facts.chain.model import Identity
from nhi_components.facts.model import Fact, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN
from nhi_components.lifecycle.verdicts.becoming import BOUNDARY
from nhi_components.lifecycle.verdicts.readings.found import Found, rows_of

_ALL_BUT: Final = "all but "
_PARSED: Final = 16_000
"""Documents that are kept parsed; the others are read again when they are asked for."""
_ARN_PARTS: Final = 6


class Bundle(NamedTuple):
    """What several principals may hold alike: the numbers of documents, and of those that cap them.

    Attributes:
        documents: in order.
        boundary: in order; None without a boundary.
    """

    documents: tuple[int, ...]
    boundary: tuple[int, ...] | None


class Parsed(NamedTuple):
    """A document as it was read.

    Attributes:
        grants: its grants.
        unjudged: what could not be understood, for people; empty for nothing.
    """

    grants: tuple[GrantDocument, ...]
    unjudged: str


@dataclass(slots=True)
class Contents:
    """Documents by number; the same content has one."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    _known: dict[bytes, int] = field(default_factory=dict)

    def number(self, text: str, name: str) -> int:
        """Give the number of a content."""
        digest = sha256(text.encode()).digest()[:16]
        if digest not in self._known:
            self._known[digest] = len(self.texts)
            self.texts.append(text)
            self.names.append(name)
        return self._known[digest]


@dataclass
class Held:
    """What all principals hold.

    Attributes:
        now: this moment.
        principals: roles, users and groups by key.
        on: numbers of the documents that hang on a principal or a policy itself.
        carried: policies and groups of each principal.
        boundaries: the policy that caps a principal.
        contents: the documents.
    """

    now: datetime
    principals: dict[str, Principal] = field(default_factory=dict)
    on: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    carried: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    boundaries: dict[str, str] = field(default_factory=dict)
    contents: Contents = field(default_factory=Contents)
    _parsed: Any = None
    _by_end: dict[tuple[str, str], str] = field(default_factory=dict)
    _bundles: dict[str, Bundle] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember the documents that were last read."""
        self._parsed = lru_cache(maxsize=_PARSED)(self._read)

    def add(self, key: str) -> None:
        """Take a principal in, by its ARN."""
        parts = key.split(":", _ARN_PARTS - 1)
        if len(parts) < _ARN_PARTS or key in self.principals:
            return
        account, end = parts[4], parts[5]
        kind, _, path = end.partition("/")
        if kind not in (ROLE, USER, GROUP):
            return
        name = path.rpartition("/")[2]
        identity = Identity(key, name, kind, Resource(key, kind))
        self.principals[key] = Principal(identity, Target("iam", account, end, key))
        self._by_end[account, f"{kind}/{name}"] = key

    def named(self, arn: str) -> str | None:
        """Give the key of the principal that a trust names, whatever its path; a session's is that of its role."""
        if arn in self.principals:
            return arn
        parts = arn.split(":", _ARN_PARTS - 1)
        if len(parts) < _ARN_PARTS:
            return None
        kind, _, rest = parts[5].partition("/")
        end = f"role/{rest.partition('/')[0]}" if kind == "assumed-role" else f"{kind}/{rest.rpartition('/')[2]}"
        return self._by_end.get((parts[4], end))

    @cached_property
    def accounts(self) -> Mapping[str, list[str]]:
        """The principals of each account."""
        found: dict[str, list[str]] = defaultdict(list)
        for key, principal in self.principals.items():
            found[principal.target.account].append(key)
        return found

    def groups_of(self, key: str) -> list[str]:
        """Give the groups in which a user is."""
        return [each for each in self.carried.get(key, ()) if ":group/" in each]

    def bundle(self, key: str) -> Bundle:
        """Give what a principal holds, itself and through its policies and groups."""
        known = self._bundles.get(key)
        if known is None:
            holders = [key]
            for carrier in self.carried.get(key, ()):
                holders += (carrier, *self.carried.get(carrier, ()))
            numbers = {number for holder in holders for number in self._of(holder)}
            boundary = self.boundaries.get(key)
            caps = None if boundary is None else tuple(sorted(self._of(boundary)))
            known = self._bundles[key] = Bundle(tuple(sorted(numbers)), caps or None)
        return known

    def unread_by(self, key: str) -> Iterator[str]:
        """Yield the policies of a principal that were not read, and are none of AWS's."""
        carried = self.carried.get(key, ())
        for holder in (*carried, *(each for carrier in carried for each in self.carried.get(carrier, ()))):
            if ":policy/" in holder and not self._of(holder):
                yield holder

    def parsed(self, number: int) -> Parsed:
        """Read a document."""
        found: Parsed = self._parsed(number)
        return found

    def holder(self, bundle: Bundle, account: str, principal: Principal | None = None) -> Holder:
        """Give whoever holds a bundle, for asking what it may do.

        Args:
            bundle: what it holds.
            account: in which it lives.
            principal: who it is; None for anybody of the account.
        """
        name = principal.identity if principal else Identity("", "", ROLE, Resource("", ROLE))
        target = principal.target if principal else Target("iam", account, "", "")
        boundary = None if bundle.boundary is None else list(self._documents(bundle.boundary))
        documents = list(self._documents(bundle.documents))
        return Holder(Principal(name, target, UNKNOWN, documents, boundary=boundary), (), self.now)

    def is_capped(self, bundle: Bundle) -> bool:
        """Tell whether a boundary or a Deny may take away what somebody else's document gives."""
        if bundle.boundary is not None:
            return True
        return any(
            not s.allows for number in bundle.documents for g in self.parsed(number).grants for s in g.statements
        )

    def _documents(self, numbers: Iterable[int]) -> Iterator[Document]:
        for number in numbers:
            for grant in self.parsed(number).grants:
                yield Document(self.contents.names[number], grant, frozenset())

    def _of(self, holder: str) -> list[int]:
        found = self.on.get(holder)
        if found is None and ":iam::aws:policy/" in holder:
            found = self.on[holder] = [self.contents.number(holder, holder.rpartition("/")[2])]
        return found or []

    def _read(self, number: int) -> Parsed:
        text, name = self.contents.texts[number], self.contents.names[number]
        resource = Resource(name, "document")
        if text.startswith("arn:"):
            facts: Iterable[Fact] = read_attachment(resource, "policy", text)
        else:
            facts = read_policy(resource, "policy", text, PolicyKind.IDENTITY)
        facts = tuple(facts)
        wrong = next((fact for fact in facts if isinstance(fact, Unjudged)), None)
        told = f"{name} {wrong.path}: {wrong.got}" if wrong else ""
        return Parsed(tuple(fact for fact in facts if isinstance(fact, GrantDocument)), told)


def gather(found: Found) -> Held:
    """Gather what all principals of an estate hold."""
    held = Held(found.now)
    for known in found.identities(System.AWS):
        held.add(known.key)
    for identity, carrier, kind in found.rows("carriers", System.AWS, "identity", "carrier", "kind"):
        if kind == BOUNDARY:
            held.boundaries[identity] = carrier
        else:
            held.carried[identity].append(carrier)
            if kind == GROUP:
                held.add(carrier)
    documents = found.of("documents", System.AWS)
    policies = documents.filter(documents.kind == str(PolicyKind.IDENTITY))
    for holder, name, content in rows_of(policies, "holder", "name", "content"):
        held.on[holder].append(held.contents.number(content, name))
    _from_grants(found, held)
    return held


def _from_grants(found: Found, held: Held) -> None:
    """Take the grants of those of whom no document is told for their documents."""
    grants, documents = found.of("grants", System.AWS), found.of("documents", System.AWS)
    bare = grants.anti_join(documents.filter(documents.kind == str(PolicyKind.IDENTITY)), "holder")
    told: dict[str, dict[tuple[str, bool, str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    columns = ("holder", "via", "denied", "condition", "target", "privilege")
    for holder, via, denied, condition, target, privilege in rows_of(bare, *columns):
        told[holder][via, denied, condition, target].add(privilege)
    for holder, statements in told.items():
        written = [_statement(key, privileges) for key, privileges in sorted(statements.items())]
        text = json.dumps({"Version": "2012-10-17", "Statement": written}, sort_keys=True)
        held.on[holder].append(held.contents.number(text, "grants"))


def _statement(key: tuple[str, bool, str, str], privileges: set[str]) -> dict[str, Any]:
    _, denied, condition, target = key
    statement: dict[str, Any] = {"Effect": "Deny" if denied else "Allow"}
    for name, texts in (("Action", sorted(privileges)), ("Resource", [target])):
        if texts[0].startswith(_ALL_BUT):
            statement[f"Not{name}"] = texts[0].removeprefix(_ALL_BUT).split(" ")
        else:
            statement[name] = texts
    return statement | ({"Condition": json.loads(condition)} if condition else {})
