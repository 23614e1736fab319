"""What every identity on Google Cloud is made of: service accounts, their grants, who may become them, a secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import pulumi
import pulumi_gcp as gcp

from nhi_components.bundle import Bundle
from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_grant import BindingNeeded, RoleNeeded, bindings_needed
from nhi_components.core.gcp_links import ACCOUNT, PROJECT, SUSPENDED, TOOL
from nhi_components.core.gcp_names import BindingName, role_digest, role_id_of
from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS, LaterTarget, ResourceKind, Target
from nhi_components.core.gcp_trust import member_problems
from nhi_components.core.grant import Grant
from nhi_components.core.lease_id import name_of, suffix_of
from nhi_components.core.links import LinkKind, System
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.bindings import bound
from nhi_components.gcp.documents import condition, marked_description
from nhi_components.gcp.granting import custom_roles, resource_of, role_attributes, short_name
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly

_DIGITS = 8
"""Of a digest, in the names of the resources of Pulumi."""

_LONGEST_DISPLAY_NAME = 100
"""Of a service account (IAM documentation, 'Quotas and limits')."""


class GcpBundle(Bundle):
    """One identity on Google Cloud: what every kind makes its accounts, roles and bindings with."""

    system = System.GCP

    _spec: GcpBundleSpec

    def __init__(
        self,
        name: str,
        spec: GcpBundleSpec,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._spec = spec
        super().__init__(name, spec, connection=connection, opts=opts)

    @abstractmethod
    def admit(self, account: Account) -> None:
        """Let in who may become the account, each by a binding that ends."""

    @staticmethod
    def declared_targets(grant: Grant) -> list[pulumi.Input[str]]:
        """Show the name of a target that is known at deployment only."""
        return [target.name if isinstance(target, LaterTarget) else target for target in grant.targets]

    @property
    def told(self) -> str:
        """What descriptions tell beside the lease: what the identity is for."""
        return self._identity.purpose

    def _described(self, adopted: AdoptedServiceAccount | None) -> pulumi.Output[str]:
        """Give an account's description; an adopted one keeps its own words."""
        words = adopted.description if adopted and adopted.description else self.told
        return self.lease_id.apply(lambda lease_id: marked_description(words, lease_id))

    @property
    def description(self) -> pulumi.Output[str]:
        """What everything bears that takes neither tags nor labels; known at preview."""
        return self.lease_id.apply(lambda lease_id: marked_description(self.told, lease_id))

    def role_parts(self, grants: Sequence[Grant]) -> list[tuple[LinkKind, Mapping[str, str]]]:
        """Declare the custom roles that grants need."""
        needed = custom_roles(grants, self._spec.project)
        return [(LinkKind.GCP_CUSTOM_ROLE, role_attributes(role)) for role in needed]

    def account(self, tool: str = "") -> Account:
        """Make a service account.

        Args:
            tool: of an AI agent, that it stands for; empty for the identity's one account.
        """
        identity, project, adopted = self._identity, self._spec.project, self._spec.adopts
        known = adopted.attributes if adopted else {}
        attributes = {PROJECT: project, **({TOOL: tool} if tool else {}), **known}
        kind = LinkKind.GCP_SERVICE_ACCOUNT
        email = self.lease_id.apply(lambda it: name_of(kind, identity.name, identity.environment, it, attributes))
        label = f"{self.name}-{tool}" if tool else self.name
        made = gcp.serviceaccount.Account(
            f"{label}-account",
            account_id=email.apply(lambda known: known.partition("@")[0]),
            project=project,
            display_name=" ".join([identity.name, identity.environment, tool]).rstrip()[:_LONGEST_DISPLAY_NAME],
            description=self._described(adopted),
            disabled=self.suspended,
            create_ignore_already_exists=False,
            opts=self.child_options(),
        )
        suspended = self.suspended.apply(lambda suspended: "true" if suspended else "false")
        self.link(kind, email, made, unique_id=made.unique_id, attributes={**attributes, SUSPENDED: suspended})
        # What names the account hangs on it: made anew under its address, it is bound anew, for Google knows it by its
        # unique id. A URN is known at preview, so the address is, too.
        named = pulumi.Output.all(email, made.urn).apply(lambda known: str(known[0]))
        return Account(made, named, label)

    def roles(self, grants: Sequence[Grant]) -> Mapping[RoleNeeded, gcp.projects.IAMCustomRole]:
        """Make the custom roles that grants need, each once."""
        return {role: self._role(role) for role in custom_roles(grants, self._spec.project)}

    def grant(
        self, account: Account, grants: Sequence[Grant], roles: Mapping[RoleNeeded, gcp.projects.IAMCustomRole]
    ) -> None:
        """Bind an account's roles on the resources that they are granted on.

        Args:
            account: the account.
            grants: what it may do.
            roles: at least the custom roles that these grants need.
        """
        before: list[BindingNeeded] = []
        for needed in bindings_needed(grants, self._spec.project):
            target = resource_of(needed, before)
            role = needed.role.predefined or self._role_name(needed.role)
            self.bind(
                f"{account.label}-{short_name(needed)}",
                needed.target.kind,
                target.apply(lambda known: known.resource),
                role=role,
                member=account.member,
                about=account,
                prefixes=needed.prefixes if isinstance(needed.target, Target) else target.apply(_prefixes),
                after=[roles[needed.role]] if needed.role in roles else [],
            )
            before.append(needed)

    def let_in(
        self,
        account: Account,
        role: str,
        member: pulumi.Input[str],
        *,
        label: str,
        after: Iterable[pulumi.Resource] = (),
    ) -> None:
        """Let a principal become an account, until its end.

        Args:
            account: the account.
            role: how it becomes it.
            member: the principal.
            label: what the resource of Pulumi is named after.
            after: what has to be there before, such as the principal's pool.
        """
        place, name = account.name(self._spec.project), f"{account.label}-{label}"
        self.bind(name, ResourceKind.SERVICE_ACCOUNT, place, role=role, member=member, about=account, after=after)

    def let_all_in(self, account: Account, role: str, members: Sequence[pulumi.Input[str]], label: str) -> None:
        """Let several principals become an account; one that is known at deployment only is judged then."""
        for member in members:
            if isinstance(member, str):
                known: pulumi.Input[str] = member
                which = sha256(member.encode()).hexdigest()[:_DIGITS]
            else:
                known, which = pulumi.Output.all(member).apply(_judged), "later"
            self.let_in(account, role, known, label=f"{label}-{which}")

    def bind(
        self,
        name: str,
        kind: ResourceKind,
        resource: pulumi.Input[str],
        *,
        role: pulumi.Input[str],
        member: pulumi.Input[str],
        about: Account,
        prefixes: pulumi.Input[Sequence[str]] = (),
        after: Iterable[pulumi.Resource] = (),
    ) -> None:
        """Bind one member of one role on one resource, until the end where the kind of resource knows one.

        A binding whose end moves is made anew before the one before it is removed: two that differ in their condition
        stand side by side, so that a renewal interrupts nothing.
        """
        dated = None
        if kind not in WITHOUT_CONDITIONS:
            narrowed = {"prefixes": prefixes, "bucket": resource} if kind is ResourceKind.BUCKET else {}
            dated = pulumi.Output.all(ends=self.ends, lease=self.lease_id, suspended=self.suspended, **narrowed).apply(
                self._condition
            )
        options = pulumi.ResourceOptions.merge(
            self.child_options(about.made, *after), pulumi.ResourceOptions(delete_before_replace=False)
        )
        made = bound(name, kind, resource, role=role, member=member, condition=dated, opts=options)
        place = pulumi.Output.all(resource, role, member).apply(lambda known: str(BindingName(*known)))
        self.link(LinkKind.GCP_BINDING, place, made, attributes={ACCOUNT: about.email})

    def _condition(self, known: Mapping[str, Any]) -> dict[str, str]:
        return condition(
            known["ends"],
            known["lease"],
            self._identity.purpose,
            known.get("prefixes", ()),
            known.get("bucket", ""),
            suspended=known["suspended"],
        )

    def _role_name(self, role: RoleNeeded) -> pulumi.Output[str]:
        identity, attributes = self._identity, role_attributes(role)
        kind = LinkKind.GCP_CUSTOM_ROLE
        return self.lease_id.apply(lambda it: name_of(kind, identity.name, identity.environment, it, attributes))

    def _role(self, role: RoleNeeded) -> gcp.projects.IAMCustomRole:
        identity, digest = self._identity, role_digest(role.permissions)
        elsewhere = "" if role.project == self._spec.project else f"-{role.project}"
        made = gcp.projects.IAMCustomRole(
            f"{self.name}-role{elsewhere}-{digest}",
            role_id=self.lease_id.apply(
                lambda it: role_id_of(identity.name, identity.environment, suffix_of(it), digest)
            ),
            project=role.project,
            title=f"{identity.name} {identity.environment}",
            description=self.description,
            permissions=list(role.permissions),
            stage="GA",
            opts=self.child_options(),
        )
        self.link(LinkKind.GCP_CUSTOM_ROLE, self._role_name(role), made, attributes=role_attributes(role))
        return made


@refusing_plainly()
def _judged(members: Sequence[str]) -> str:
    if problems := [problem for member in members for problem in member_problems("trusted_by", member)]:
        raise SpecError("principal known at deployment", problems)
    return members[0]


def _prefixes(target: Target) -> Sequence[str]:
    return [target.prefix] if target.prefix else []
