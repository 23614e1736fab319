"""What a scan finds, as plain records: one shape for all systems.

A record names identities by their `key`, the name that is unique in the whole world of an organisation: an ARN, a
member of Google Cloud, a resource id of Azure, a path of one Vault. Times are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nhi_components.core.links import System


class Subject(StrEnum):
    """What somebody, or something, knows of an identity."""

    OWNER = "owner"
    PURPOSE = "purpose"
    ENVIRONMENT = "environment"
    TIER = "tier"


class Manager(StrEnum):
    """What makes and removes identities as programs or configurations declare them."""

    PULUMI = "pulumi"
    TERRAFORM = "terraform"


class Guard(StrEnum):
    """Why an identity must never be decommissioned by a tool."""

    CALLER = "caller"
    SERVICE_LINKED = "service-linked"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, slots=True)
class Use:
    """When something was last used, as far as its system tells.

    Attributes:
        at: the last use; None when none is known.
        watched_since: uses since then would be known; None when the system tells nothing of uses, so that it must not
            be called unused.
        as_of: uses after that may not be told yet; None for the moment of the scan.
    """

    at: datetime | None = None
    watched_since: datetime | None = None
    as_of: datetime | None = None


UNWATCHED = Use()
"""The system tells nothing of its uses."""


@dataclass(frozen=True, slots=True)
class FoundIdentity:
    """One non-human identity on one system.

    Attributes:
        key: its name in the whole organisation.
        system: where it lives.
        place: the account, project, subscription, tenant, cluster or server in which it lives.
        kind: what it is, in its system's words, such as `iam-role`.
        name: how people call it.
        unique_id: the system's own id, which one made anew under the same key does not share.
        created_at: None where the system does not tell.
        disabled: nobody can use it at present.
        use: when it was last used.
        marks: tags, labels, annotations, or metadata.
        guard: why no tool may remove it.
    """

    key: str
    system: System
    place: str
    kind: str
    name: str
    unique_id: str
    created_at: datetime | None = None
    disabled: bool = False
    use: Use = UNWATCHED
    marks: Mapping[str, str] = field(default_factory=dict)
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class FoundCredential:
    """A standing credential of an identity; never its value.

    Attributes:
        identity: key of whose it is.
        kind: what it is, such as `access-key`.
        id: the public id by which its system knows it.
        created_at: when it was made, or last rotated in place; None where the system does not tell.
        expires_at: None when it never ends.
        disabled: it cannot be used at present.
        use: when it was last used.
    """

    identity: str
    kind: str
    id: str
    created_at: datetime | None = None
    expires_at: datetime | None = None
    disabled: bool = False
    use: Use = UNWATCHED


@dataclass(frozen=True, slots=True)
class FoundCarrier:
    """An identity has what a carrier of grants holds: a policy, a group, a role that is assigned.

    Attributes:
        identity: key of who has it.
        carrier: name of the carrier in the whole organisation; a carrier may itself have carriers.
        kind: what the carrier is, such as `managed-policy`.
    """

    identity: str
    carrier: str
    kind: str


@dataclass(frozen=True, slots=True)
class FoundGrant:
    """A privilege that an identity, or a carrier, holds, or is denied.

    Attributes:
        holder: key of the identity, or name of the carrier.
        privilege: an action, permission, capability or built-in role; may hold wildcards as its system writes them.
        target: on what; as its system writes it.
        denied: it is forbidden rather than allowed.
        condition: under what condition, as its system writes it; empty for none.
        via: the document, binding or assignment that says so.
    """

    holder: str
    privilege: str
    target: str
    denied: bool = False
    condition: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document of grants or of trust as its system keeps it, for the rules to judge.

    Attributes:
        holder: key of the identity, or name of the carrier, that it hangs on.
        kind: what it is, such as `identity policy` or `trust policy`.
        name: its name there.
        content: its text.
    """

    holder: str
    kind: str
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class FoundStep:
    """Somebody may become an identity, by what the identity itself lets in.

    Attributes:
        source: key of who may; or what its system writes for somebody outside, such as an account or a subject.
        target: key of who it becomes.
        how: such as `assume`.
        condition: under what condition; empty for none.
    """

    source: str
    target: str
    how: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class FoundDependent:
    """Something runs as an identity, or cannot work without it.

    Attributes:
        identity: key of the identity.
        kind: what it is, such as `instance-profile` or `function`.
        name: its name in the whole organisation.
    """

    identity: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is said of an identity, and who says it.

    Attributes:
        identity: key of the identity.
        subject: of what.
        value: what is said.
        source: who says it, such as `tag nhi:owner` or the path of a file.
    """

    identity: str
    subject: Subject
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A program or configuration has made an identity, and answers for it; whether it is there, only its system tells.

    Attributes:
        identity: key of the identity; its end where the state does not tell the rest, which is the place: a path of a
            Vault, `kubernetes:NAMESPACE/NAME`.
        unique_id: its system's own id; empty where the state does not tell it.
        system: where it lives.
        kind: what it is, in its system's words.
        manager: what has made it.
        where: the stack or the file.
        address: its URN or address there.
        repository: of the program, such as `github.com/shop/orders`; empty where the stack does not tell.
        commit: of the program at its last update; empty where the stack does not tell.
        folder: of the program in the repository; empty for its root, and where the stack does not tell.
    """

    identity: str
    unique_id: str
    system: System
    kind: str
    manager: Manager
    where: str
    address: str
    repository: str = ""
    commit: str = ""
    folder: str = ""


class Naming(StrEnum):
    """How a claim names identities."""

    KEY = "key"
    NAME = "name"
    PATTERN = "pattern"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of identities by somebody who need not know their keys; the end of a scan finds whom it is about.

    Attributes:
        named_by: how they are named.
        which: their key, their name, a pattern of keys with `*` and `?`, or their key or its end as a `Declaration`
            has it.
        subject: of what; None: `value` names something that depends on them.
        value: what is said.
        source: who says it.
        system: where they live; None for any.
        place: in which account, project, tenant, cluster or server; empty for any.
        unique_id: their system's own id; empty for any.
    """

    named_by: Naming
    which: str
    subject: Subject | None
    value: str
    source: str
    system: System | None = None
    place: str = ""
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person, or a team, as a directory knows them; owners are looked up among them.

    Attributes:
        id: the directory's own id.
        names: what owners may be called by: mail addresses, logins, the name of a team; in lower case.
        active: still with the organisation.
        since: since when it is so; None where the directory does not tell.
    """

    id: str
    names: tuple[str, ...]
    active: bool
    since: datetime | None = None


Record = (
    FoundIdentity
    | FoundCredential
    | FoundCarrier
    | FoundGrant
    | FoundDocument
    | FoundStep
    | FoundDependent
    | Knowledge
    | Declaration
    | FoundPerson
    | Claim
)
"""Anything that a page of a scan may hold."""
