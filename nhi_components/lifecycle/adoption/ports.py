"""What adoption asks of a system beside what the inventory tells; it only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nhi_components.core.inventory.records import FoundDocument
from nhi_components.lifecycle.adoption.usage import NotKnown, Usage


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it is now.

    Attributes:
        name: its name.
        path: its path.
        unique_id: its system's own id.
        created_at: when it was made.
        session_seconds: how long a session of it lives at most.
        boundary: ARN of what caps it; empty for none.
        tags: its tags.
        attached: ARNs of the managed policies that are attached to it.
        inline: names of its inline policies.
        documents: its trust policy, and the documents of all these policies.
    """

    name: str
    path: str
    unique_id: str
    created_at: datetime
    session_seconds: int
    boundary: str
    tags: Mapping[str, str]
    attached: tuple[str, ...]
    inline: tuple[str, ...]
    documents: tuple[FoundDocument, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding that names an account, or that hangs on it.

    Attributes:
        resource: on what, by relative name.
        role: the role.
        member: who has it.
        condition: under what condition, as the inventory writes it; empty for none.
    """

    resource: str
    role: str
    member: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A service account of Google Cloud as it is now.

    Attributes:
        email: its address.
        project: the id of the project that it lies in.
        unique_id: its system's own id.
        description: its description.
        disabled: nobody can use it at present.
        usable_keys: ids of the keys that people made, and that can be used.
        disabled_keys: ids of those that cannot.
        let_in: what is bound on itself.
        granted: what is bound for it on everything else whose policy can be read.
        roles: by the names of the custom roles among these, their permissions; none for one that gives nothing.
    """

    email: str
    project: str
    unique_id: str
    description: str
    disabled: bool
    usable_keys: tuple[str, ...]
    disabled_keys: tuple[str, ...]
    let_in: tuple[Bound, ...]
    granted: tuple[Bound, ...]
    roles: Mapping[str, tuple[str, ...]]


class AccountReader(Protocol):
    """Reads service accounts of Google Cloud."""

    def account(self, email: str, resources: Sequence[str]) -> Account | None:
        """Read an account; None when there is none of that address.

        Args:
            email: its address.
            resources: on what the inventory has it bound; a search may lead to more.

        Raises:
            SystemUnreachable: it can't be asked, or not everything that names the account can be found.
        """


class RoleReader(Protocol):
    """Reads roles of one account."""

    def role(self, arn: str) -> Role | None:
        """Read a role; None when there is none of that ARN.

        Raises:
            SystemUnreachable: it can't be asked.
        """

    def usage(self, role: Role, arn: str) -> Usage | NotKnown:
        """Tell what a role has used; why that is not known, where it isn't.

        Raises:
            SystemUnreachable: it can't be asked.
        """
