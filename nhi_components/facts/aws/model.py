"""Facts about AWS: policy documents with normalised statements, and attachments of managed policies.

The grammar is that of the IAM user guide, 'Grammar of the IAM JSON policy language'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from nhi_components.facts.aws.traits import ADMITS_CALLERS, traits_of
from nhi_components.facts.collection import with_traits
from nhi_components.facts.model import Resource
from nhi_components.facts.values import Unknown

if TYPE_CHECKING:
    from nhi_components.facts.aws.permission import Permissions


class PolicyKind(StrEnum):
    """What an AWS policy document hangs on, which decides what its elements mean."""

    IDENTITY = "identity policy"
    TRUST = "trust policy"
    RESOURCE = "resource policy"
    BOUNDARY = "permissions boundary"
    DECLARED = "declared grants"


class Principal(NamedTuple):
    """One principal of a statement.

    Attributes:
        kind: `AWS`, `Service`, `Federated`, `CanonicalUser`; `*` for the bare `"*"`.
        text: the principal itself.
        path: where it stands.
    """

    kind: str
    text: str
    path: str


class Condition(NamedTuple):
    """One condition: an operator, a key and the values, of which one must match.

    Attributes:
        operator: without set qualifier and `IfExists`, in lower case: `stringequals`.
        key: in lower case: `aws:sourcearn`; empty while it is not known.
        values: as text; UNKNOWN for each that is not known yet.
        qualifier: `foranyvalue`, `forallvalues` or empty.
        if_exists: the condition also holds when the request has no such key.
    """

    operator: str
    key: str
    values: tuple[str | Unknown, ...]
    qualifier: str = ""
    if_exists: bool = False


_SHORT = 64
"""Members of a list up to which looking for one is quicker than remembering where each stands."""


class Statement:
    """One statement; a single string and a list of one read the same.

    Attributes:
        path: where it stands.
        given: the statement itself, as data.
        allows: its effect is not `Deny`.
        actions: what `Action` names.
        each_traits: of those actions, one by one, as bits of `aws.traits`.
        traits: of all of them together.
        not_actions: what `NotAction` names; None when the element is not there.
        resources: what `Resource` names.
        not_resources: what `NotResource` names; None when the element is not there.
        principals: what `Principal` names.
        not_principals: what `NotPrincipal` names; None when the element is not there.
        conditions: all of which must hold.
    """

    __slots__ = (
        "_document",
        "_index",
        "_positions",
        "actions",
        "allows",
        "conditions",
        "each_traits",
        "given",
        "not_actions",
        "not_principals",
        "not_resources",
        "principals",
        "resources",
        "traits",
    )

    def __init__(
        self,
        document: str,
        index: int | None,
        given: Mapping[str, Any],
        allows: bool,
        actions: tuple[str, ...],
        resources: tuple[str, ...],
        not_actions: tuple[str, ...] | None = None,
        not_resources: tuple[str, ...] | None = None,
        principals: tuple[Principal, ...] = (),
        not_principals: tuple[Principal, ...] | None = None,
        conditions: tuple[Condition, ...] = (),
    ) -> None:
        self._document = document
        self._index = index
        self._positions: dict[str, dict[str, int]] | None = None
        self.given = given
        self.allows = allows
        self.actions = actions
        self.each_traits = tuple(map(traits_of, actions))
        self.traits = reduce(or_, self.each_traits, 0)
        self.resources = resources
        self.not_actions = not_actions
        self.not_resources = not_resources
        self.principals = principals
        self.not_principals = not_principals
        self.conditions = conditions

    @property
    def path(self) -> str:
        """Where it stands, such as `policy.Statement[0]`."""
        return self._document if self._index is None else f"{self._document}[{self._index}]"

    def place(self, element: str, text: str) -> str:
        """Tell where a text stands in an element, such as `policy.Statement[0].Action[1]`."""
        value = self.given.get(element)
        if isinstance(value, list | tuple):
            if len(value) <= _SHORT:
                return f"{self.path}.{element}" + (f"[{value.index(text)}]" if text in value else "")
            if self._positions is None:
                self._positions = {}
            positions = self._positions.get(element)
            if positions is None:
                members = enumerate(value)
                positions = {member: place for place, member in reversed([*members]) if isinstance(member, str)}
                self._positions[element] = positions
            if text in positions:
                return f"{self.path}.{element}[{positions[text]}]"
        return f"{self.path}.{element}"


@with_traits
class GrantDocument:
    """One AWS policy document.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        kind: what it hangs on.
        statements: those that could be read, with those of further policies of the same principal.
        service: for a resource policy, the service that owns the resource, such as `kms`; empty when not known.
        account: the account in which it applies; empty when not known.
        trusted: further accounts that belong to the same organisation.
        boundary: the statements that cap it; None when no boundary is known.
    """

    __slots__ = ("_permissions", "account", "boundary", "kind", "path", "resource", "service", "statements", "trusted")

    def __init__(
        self,
        resource: Resource,
        path: str,
        kind: PolicyKind,
        statements: tuple[Statement, ...],
        service: str = "",
        account: str = "",
        trusted: frozenset[str] = frozenset(),
        boundary: tuple[Statement, ...] | None = None,
    ) -> None:
        self.resource = resource
        self.path = path
        self.kind = kind
        self.statements = statements
        self.service = service
        self.account = account
        self.trusted = trusted
        self.boundary = boundary
        self._permissions: Permissions | None = None

    @property
    def traits(self) -> int:
        """What it allows in effect, and how it is written, as bits of `aws.traits`."""
        permissions = self.permissions
        admits = ADMITS_CALLERS if self.kind in (PolicyKind.TRUST, PolicyKind.RESOURCE) else 0
        return permissions.traits | permissions.written | admits

    def at(self, now: datetime) -> GrantDocument:
        """Give the document as it holds at a moment (aware): without what it allowed until an earlier one."""
        if not self.permissions.dated:
            return self
        from nhi_components.facts.aws.conditions import have_ended

        holding = tuple(s for s in self.statements if not (s.allows and have_ended(s.conditions, now)))
        if len(holding) == len(self.statements):
            return self
        return GrantDocument(
            self.resource, self.path, self.kind, holding, self.service, self.account, self.trusted, self.boundary
        )

    @property
    def permissions(self) -> Permissions:
        """What its statements allow in effect; worked out once."""
        if self._permissions is None:
            from nhi_components.facts.aws.permission import permissions_of

            self._permissions = permissions_of(self)
        return self._permissions


@dataclass(frozen=True, slots=True)
class ManagedPolicyAttachment:
    """A principal gets a managed policy.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        arn: the policy's ARN.
    """

    resource: Resource
    path: str
    arn: str
