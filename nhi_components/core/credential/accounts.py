"""Accounts of an identity at other systems: its user at an identity provider, its account at a service.

A name that is left out is the identity's own, made from its lease. Each is a reference; none holds a credential.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.model import Spec
from nhi_components.core.tags import LeaseTags

SUSPENDED = "suspended"
"""The attribute, `true` or `false`, in which a link says whether its identity is suspended; then it is inactive."""

HOOK = "hook"
"""The attribute in which an account's link keeps, as JSON, the hook that makes and removes it."""

AccountName = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?$")]


class AccountKind(StrEnum):
    """What keeps an account."""

    SCIM = "scim"
    SAAS = "saas"


class AccountSpec(Spec):
    """What every account has.

    Attributes:
        kind: what keeps it.
        connection: the connection of `nhi.Provider` that reaches it.
    """

    subject: ClassVar[str] = "account"
    system: ClassVar[System]
    link_kind: ClassVar[LinkKind]

    kind: AccountKind
    connection: str = DEFAULT

    @abstractmethod
    def resolved(self, tags: LeaseTags) -> Self:
        """Fill in the name that is the identity's own."""

    @abstractmethod
    def link(self) -> Link:
        """Give the linked resource that a resolved account is."""

    def _own_name(self, tags: LeaseTags) -> str:
        return name_of(self.link_kind, tags.identity, tags.environment, tags.lease)


class ScimAccount(AccountSpec):
    """A user at an identity provider that speaks SCIM 2.0; made active, made inactive and deleted with the identity.

    Attributes:
        user_name: its `userName`; None: the identity's own. Some identity providers ask for an e-mail address.
    """

    system = System.SCIM
    link_kind = LinkKind.SCIM_USER

    kind: Literal[AccountKind.SCIM] = AccountKind.SCIM
    user_name: AccountName | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own user."""
        return self.model_copy(update={"user_name": self.user_name or self._own_name(tags)})

    def link(self) -> Link:
        """The user."""
        return Link(self.system, self.link_kind, self.user_name or "", self.connection)


class SaasAccount(AccountSpec):
    """An account at a service, which a declared command or web hook makes, suspends and deletes; see docs/hooks.md.

    Attributes:
        hook: who speaks to the service.
        account: its name there, as the hook knows it; None: the identity's own.
    """

    system = System.HOOK
    link_kind = LinkKind.HOOK_ACCOUNT

    kind: Literal[AccountKind.SAAS] = AccountKind.SAAS
    hook: Annotated[CommandHook | HttpHook, Field(discriminator="kind")]
    account: AccountName | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own account."""
        return self.model_copy(update={"account": self.account or self._own_name(tags)})

    def link(self) -> Link:
        """The account, with the hook by which it is reached, also when no program runs."""
        attributes = {HOOK: self.hook.model_dump_json(exclude_none=True)}
        return Link(self.system, self.link_kind, self.account or "", self.connection, None, attributes)


def account_link(account: AccountSpec, tags: LeaseTags, *, suspended: bool) -> Link:
    """Make the link of an account that has to be active, or inactive while its identity is suspended."""
    link = account.resolved(tags).link()
    return replace(link, attributes={**link.attributes, SUSPENDED: "true" if suspended else "false"})


AnyAccount = Annotated[ScimAccount | SaasAccount, Field(discriminator="kind")]


class _OneHook(Spec):
    subject: ClassVar[str] = "hook"

    hook: Annotated[CommandHook | HttpHook, Field(discriminator="kind")]


def hook_of_link(link: Link) -> CommandHook | HttpHook | None:
    """Read the hook back from an account's link; None when only its name is known, as from evidence."""
    told = link.attributes.get(HOOK, "")
    return _OneHook.model_validate_json(f'{{"hook":{told}}}').hook if told else None
