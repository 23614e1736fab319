"""What every component does: Lease first, Seal last, everything else between them; nothing once it is retired."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeVar

import pulumi

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.accounts import AccountSpec, account_link
from nhi_components.core.credential.links import account_parts, delivered_links, delivered_parts
from nhi_components.core.grant import Grant
from nhi_components.core.lease_id import name_of
from nhi_components.core.ledger import link_to_state
from nhi_components.core.life import LAST_LEASE, State
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.spec import BundleSpec
from nhi_components.core.tags import LeaseTags
from nhi_components.life import (
    decided_identity,
    last_lease_of,
    refuse_beyond_template,
    revocation_of,
    state_of,
)
from nhi_components.refusal import ProgramRefused
from nhi_components.resources import Credential, Lease, Seal
from nhi_components.retention import guard_against_retention, retention_problem

_WORD = re.compile(r"_([a-z])")
_R = TypeVar("_R", bound=pulumi.Resource)


class Bundle(pulumi.ComponentResource):
    """One identity on one system: its lease, its linked resources, its seal.

    A component names its outputs in `results`, declares its parts in `parts`, and makes them in `make`. Of a retired
    identity nothing is registered but this shell, so that the engine removes all that there was; its outputs are None.

    Attributes:
        name: the component's name in the program.
        lease_id: what everything that belongs to it bears.
        ends: the UTC day at whose start access ends, as `YYYY-MM-DD`.
        state: `active`, `suspended` or `retired`.
        retired: whether nothing of it is registered; a plain value, so that a program can leave out what needs its
            outputs: `if not orders.retired:`. An update that fails for want of them removes nothing.
    """

    system: ClassVar[System]
    results: ClassVar[tuple[str, ...]]

    lease_id: pulumi.Output[str]
    ends: pulumi.Output[str]
    state: pulumi.Output[str]
    retired: bool

    _spec: BundleSpec

    def __init__(
        self,
        name: str,
        spec: BundleSpec,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _refuse_own_retention(name, opts)
        guard_against_retention()
        self.name, self._connection = name, connection
        self._identity = decided_identity(spec.identity)
        self._spec = spec.model_copy(update={"identity": self._identity})
        refuse_beyond_template(name, self._spec)
        told = self._identity.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        fields = {**told, "kind": str(self._identity.kind)}
        # As structure, so that a policy pack sees the actions while a target is unknown.
        grants = [{"actions": list(grant.actions), "targets": self.declared_targets(grant)} for grant in spec.grants]
        token = f"nhi:{self.system}:{type(self).__name__}"
        super().__init__(token, name, {"identity": fields, "grants": grants}, _not_inheriting_retention(opts))
        self._stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
        self.retired = state_of(self._identity, name) is State.RETIRED
        if self.retired:
            self._retire()
            return
        self._links: list[pulumi.Input[dict[str, Any]]] = []
        self._active_links: list[pulumi.Input[dict[str, Any]]] = []
        self._active_only: list[pulumi.Output[pulumi.Resource | None]] = []
        self._credentials: list[dict[str, Any]] = []
        self._accounts: list[pulumi.Input[dict[str, Any]]] = []
        self._linked: list[pulumi.Resource] = []
        self._lease = Lease(
            f"{name}-lease",
            identity=fields,
            stack=self._stack,
            revocation=str(revocation_of(self._identity)),
            parts=[*(self._part(kind, attributes) for kind, attributes in self.parts()), *self._delivered_parts()],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.lease_id, self.ends, self.state = self._lease.lease_id, self._lease.ends, self._lease.state
        self.make()
        self._seal()

    @abstractmethod
    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Name the kinds of linked resources that will be made, with what their adapter needs to find them."""

    @abstractmethod
    def make(self) -> None:
        """Make the linked resources, hand each to `link`, and set everything that `results` names."""

    @staticmethod
    def declared_targets(grant: Grant) -> list[pulumi.Input[str]]:
        """Give a grant's targets as they are shown on the component's own inputs."""
        return list(grant.targets)

    def sealed(self, seal: Seal) -> None:
        """Set what `results` names and only the seal knows; nothing by default."""

    @property
    def suspended(self) -> pulumi.Output[bool]:
        """Whether everything has to be denied; known at preview."""
        return self.state.apply(lambda state: state != State.ACTIVE)

    def name_of(self, kind: LinkKind) -> pulumi.Output[str]:
        """Tell the physical name of the linked resource of that kind; known at preview."""
        identity, environment = self._identity.name, self._identity.environment
        return self.lease_id.apply(lambda lease_id: name_of(kind, identity, environment, lease_id))

    @property
    def tags(self) -> pulumi.Output[dict[str, str]]:
        """The tags that everything of this bundle bears."""
        return pulumi.Output.all(self.lease_id, self.ends).apply(lambda known: self._lease_tags(*known).to_tags())

    @property
    def metadata(self) -> pulumi.Output[dict[str, str]]:
        """The same for systems whose keys take no colon, such as Vault's metadata."""
        return pulumi.Output.all(self.lease_id, self.ends).apply(lambda known: self._lease_tags(*known).to_metadata())

    @property
    def labels(self) -> pulumi.Output[dict[str, str]]:
        """What of it a label of Google Cloud can hold."""
        return pulumi.Output.all(self.lease_id, self.ends).apply(lambda known: self._lease_tags(*known).to_labels())

    def child_options(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        """Make the options of a linked resource: a child that comes after the lease.

        Its physical name is the lease's, so a replacement can be made only once its predecessor is gone.
        """
        return pulumi.ResourceOptions(parent=self, depends_on=[self._lease, *depends_on], delete_before_replace=True)

    def link(
        self,
        kind: LinkKind,
        name: pulumi.Input[str],
        *resources: pulumi.Resource,
        unique_id: pulumi.Input[str] | None = None,
        attributes: Mapping[str, pulumi.Input[str]] | None = None,
        active_only: bool = False,
    ) -> None:
        """Hand a linked resource to the seal: where it is, its unique id, and what its adapter needs.

        One of `while_active` is handed on as `active_only`, and is no link while the identity is suspended.
        """
        link: dict[str, Any] = {
            "system": str(self.system),
            "connection": self._connection,
            "kind": str(kind),
            "name": name,
            "uniqueId": unique_id,
            "attributes": dict(attributes) if attributes else None,
        }
        links = self._active_links if active_only else self._links
        links.append({key: value for key, value in link.items() if value is not None})
        self._linked += resources

    def while_active(self, register: Callable[[], _R]) -> pulumi.Output[_R | None]:
        """Register a resource unless the identity is suspended: access that its system can neither date nor switch off.

        It is registered once the lease's state is known, which it is at preview, and before the seal.
        """
        made = self.suspended.apply(lambda suspended: None if suspended else register())
        self._active_only.append(made)
        return made

    def issue(self, *depends_on: pulumi.Resource) -> Credential:
        """Have the specification's credential issued and delivered once its principal is there.

        Args:
            depends_on: the principal, and what it needs to be one.
        """
        spec = self._spec.credential
        if spec is None:
            raise ValueError(f"{type(self).__name__}'s specification has no credential")
        self._credentials = [spec.model_dump(mode="json", exclude_none=True)]
        properties: dict[str, Any] = {**self._terms(), "credential": self._credentials[0]}
        if self._accounts:
            properties["accounts"] = self._accounts
        made = Credential(f"{self.name}-credential", properties=properties, opts=self.child_options(*depends_on))
        for each in delivered_links(spec):
            self._links.append(self._tagged(each))
        self._linked.append(made)
        return made

    def hold(self, account: AccountSpec) -> pulumi.Output[str]:
        """Have an account made, active unless the identity is suspended; its name, known at preview.

        An account whose keys are issued is held before they are: a key's account comes before the key.
        """
        known = pulumi.Output.all(self.lease_id, self.ends, self.suspended)
        held = known.apply(lambda k: link_to_state(account_link(account, self._lease_tags(k[0], k[1]), suspended=k[2])))
        self._links.append(held)
        self._accounts.append(held)
        return held.apply(lambda link: str(link["name"]))

    def _tagged(self, linked: Callable[[LeaseTags], Link]) -> pulumi.Output[dict[str, Any]]:
        """Give a link whose name may be the lease's, as the seal takes it."""
        known = pulumi.Output.all(self.lease_id, self.ends)
        return known.apply(lambda k: link_to_state(linked(self._lease_tags(*k))))

    def _delivered_parts(self) -> list[dict[str, Any]]:
        """Declare where the credential is kept, and the accounts, so that the ledger knows each from the beginning."""
        spec = self._spec.credential
        return [*(delivered_parts(spec) if spec else []), *account_parts(self._spec.accounts)]

    def _part(self, kind: LinkKind, attributes: Mapping[str, str]) -> dict[str, Any]:
        place = {"system": str(self.system), "connection": self._connection}
        return {**place, "kind": str(kind), "attributes": dict(attributes)}

    def _seal(self) -> None:
        """Register the seal after everything else, and the component's outputs."""
        properties: dict[str, Any] = {**self._terms(), "links": self._links_now()}
        if self._credentials:
            properties["credentials"] = self._credentials
        self.sealed(Seal(f"{self.name}-seal", properties=properties, opts=self._after_everything()))
        outputs = {_camel_case(result): getattr(self, result) for result in self.results}
        self.register_outputs({**outputs, "leaseId": self.lease_id, "ends": self.ends, "state": self.state})

    def _links_now(self) -> pulumi.Input[list[pulumi.Input[dict[str, Any]]]]:
        """Give the links of what is registered: a list that is known at preview, whatever of each link is not."""
        if not self._active_links:
            return self._links
        return self.suspended.apply(lambda suspended: self._links + ([] if suspended else self._active_links))

    def _after_everything(self) -> pulumi.ResourceOptions:
        """Make the options of the seal, which comes after all that is linked."""
        options = self.child_options(*self._linked)
        if self._active_only:
            everything = [self._lease, *self._linked]
            options.depends_on = pulumi.Output.all(*self._active_only).apply(
                lambda made: everything + [each for each in made if each is not None]
            )
        return options

    def _terms(self) -> dict[str, Any]:
        """Tell what everything of our provider's that belongs to the bundle has to know of its lease."""
        return {
            "leaseId": self.lease_id,
            "identity": self._identity.name,
            "environment": self._identity.environment,
            "owner": self._identity.owner.email,
            "purpose": self._identity.purpose,
            "issued": self._lease.issued,
            "ends": self.ends,
            "state": self.state,
            "revocation": str(revocation_of(self._identity)),
            "stack": self._stack,
        }

    def _retire(self) -> None:
        pulumi.log.info(f"{self._identity.name}: retired, so nothing of it is registered any more", resource=self)
        nothing: pulumi.Output[Any] = pulumi.Output.from_input(None)
        for result in ("lease_id", "ends", *self.results):
            setattr(self, result, nothing)
        self.state = pulumi.Output.from_input(str(State.RETIRED))
        last = last_lease_of(self.name, self._identity)
        self.register_outputs({"state": self.state, **({LAST_LEASE: last} if last else {})})

    def _lease_tags(self, lease_id: str, ends: str) -> LeaseTags:
        identity = self._identity
        return LeaseTags(
            lease=lease_id,
            identity=identity.name,
            environment=identity.environment,
            owner=identity.owner.email,
            purpose=identity.purpose,
            ends=date.fromisoformat(ends),
            stack=self._stack,
        )


def _camel_case(name: str) -> str:
    return _WORD.sub(lambda match: match[1].upper(), name)


def _refuse_own_retention(name: str, opts: pulumi.ResourceOptions | None) -> None:
    if opts is not None and opts.retain_on_delete:
        raise ProgramRefused(f"component {name!r}", [retention_problem("opts.retain_on_delete")])


def _not_inheriting_retention(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Say no ourselves: the engine lets a component that says nothing retain what its parent retains."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=False))
