"""What every identity on Kubernetes is made of: a service account, and in each namespace a role that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes

from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.kubernetes_federation import FEDERATIONS, Federated
from nhi_components.core.kubernetes_grant import LaterTarget, RuleNeeded, namespaces_of, rules_needed
from nhi_components.core.kubernetes_links import ACCOUNT, AUDIENCES, NAMESPACE, ROLE
from nhi_components.core.kubernetes_marks import ANNOTATIONS, LABELS
from nhi_components.core.kubernetes_resources import RBAC
from nhi_components.core.links import LinkKind, System
from nhi_components.kubernetes.documents import (
    OURS_WINS,
    rules_document,
    subjects,
    token_mount,
    token_volume,
)
from nhi_components.kubernetes.spec import KubernetesBundleSpec, audiences_of
from nhi_components.refusal import refusing_plainly

_ObjectMeta = kubernetes.meta.v1.ObjectMetaArgs


@dataclass(frozen=True, slots=True)
class Account:
    """A service account as the clouds that trust it name it, before it is made.

    Attributes:
        namespace: where it lives.
        name: its name, known at preview.
        subject: what its tokens say in `sub`, `system:serviceaccount:NAMESPACE:NAME`; known at preview.
    """

    namespace: str
    name: pulumi.Output[str]
    subject: pulumi.Output[str]


Becoming = Callable[[Account], Sequence[FEDERATIONS]]
"""Makes what an account becomes in clouds, once its name is known, and tells what that is."""


class KubernetesBundle(Bundle):
    """One identity on Kubernetes.

    Attributes:
        service_account: the name of the service account, the principal; known at preview.
        namespace: where it lives.
        subject: what its tokens say in `sub`, which clouds and Vault trust; known at preview.
        unique_id: its uid, which an account made anew under the same name does not have.
        token_volume: a volume of pods with short-lived tokens of it, as data.
        token_mount: where their containers have it, as data.
    """

    system = System.KUBERNETES
    results: ClassVar[tuple[str, ...]] = (
        "service_account",
        "namespace",
        "subject",
        "unique_id",
        "token_volume",
        "token_mount",
    )

    service_account: pulumi.Output[str]
    namespace: pulumi.Output[str]
    subject: pulumi.Output[str]
    unique_id: pulumi.Output[str]
    token_volume: pulumi.Output[dict[str, Any]]
    token_mount: pulumi.Output[dict[str, Any]]

    _spec: KubernetesBundleSpec

    def __init__(
        self,
        name: str,
        spec: KubernetesBundleSpec,
        becoming: Becoming | None = None,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._spec, self._becoming = spec, becoming
        super().__init__(name, spec, connection=connection, opts=opts)

    @staticmethod
    def declared_targets(grant: Grant) -> list[pulumi.Input[str]]:
        """Show the text of a target whose name is known at deployment only."""
        return [_text_of(target) if isinstance(target, LaterTarget) else target for target in grant.targets]

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """The account, and role and binding in each namespace that grants are about."""
        parts: list[tuple[LinkKind, Mapping[str, str]]] = [
            (LinkKind.KUBERNETES_SERVICE_ACCOUNT, {NAMESPACE: self._spec.namespace})
        ]
        for namespace in namespaces_of(self._spec.grants):
            place = {NAMESPACE: namespace}
            parts += [(LinkKind.KUBERNETES_ROLE, place), (LinkKind.KUBERNETES_ROLE_BINDING, place)]
        return parts

    def make(self) -> None:
        """Make the account, then role and binding in each namespace."""
        spec, name = self._spec, self.name_of(LinkKind.KUBERNETES_SERVICE_ACCOUNT)
        self.service_account, self.namespace = name, pulumi.Output.from_input(spec.namespace)
        self.subject = pulumi.Output.concat(f"system:serviceaccount:{spec.namespace}:", name)
        federations = self._federations()
        audiences = audiences_of(spec, [federation.audience for federation in federations])
        account = self._account(federations, audiences)
        self.unique_id = _uid(account)
        for namespace, rules in rules_needed(spec.grants).items():
            self._grant(namespace, rules, account)
        for_the_api = bool(spec.grants) or not spec.token_audiences
        volume = token_volume(spec.token_audiences, spec.token_seconds, for_the_api=for_the_api)
        self.token_volume = pulumi.Output.from_input(volume)
        self.token_mount = pulumi.Output.from_input(token_mount())

    def _federations(self) -> Sequence[FEDERATIONS]:
        if self._becoming is None:
            return self._spec.federations
        account = Account(self._spec.namespace, self.service_account, self.subject)
        with refusing_plainly():
            return Federated(federations=tuple(self._becoming(account))).federations

    def _account(
        self, federations: Sequence[FEDERATIONS], audiences: Sequence[str]
    ) -> kubernetes.core.v1.ServiceAccount:
        kind, namespace = LinkKind.KUBERNETES_SERVICE_ACCOUNT, self._spec.namespace
        annotations: dict[str, Any] = {}
        for federation in federations:
            annotations |= federation.annotations(self._spec.token_seconds)
        made = kubernetes.core.v1.ServiceAccount(
            f"{self.name}-account",
            metadata=self._metadata(kind, namespace, annotations),
            # Tokens are had by the volume alone, by those pods that ask for it.
            automount_service_account_token=False,
            opts=self.child_options(),
        )
        attributes: dict[str, pulumi.Input[str]] = {NAMESPACE: namespace, "suspended": self._suspended}
        if audiences:
            attributes[AUDIENCES] = ", ".join(audiences)
        self.link(kind, self._link_name(namespace), made, unique_id=_uid(made), attributes=attributes)
        return made

    def _grant(self, namespace: str, rules: Sequence[RuleNeeded], account: kubernetes.core.v1.ServiceAccount) -> None:
        """Make a role with these rules, and bind it for the account."""
        elsewhere = "" if namespace == self._spec.namespace else f"-{namespace}"
        known = pulumi.Output.all(names=[list(rule.names) for rule in rules], suspended=self.suspended)

        @refusing_plainly()
        def document(known: Mapping[str, Any]) -> Any:
            return rules_document(rules, known["names"], suspended=known["suspended"])

        role = kubernetes.rbac.v1.Role(
            f"{self.name}-role{elsewhere}",
            metadata=self._metadata(LinkKind.KUBERNETES_ROLE, namespace, OURS_WINS),
            rules=known.apply(document),
            opts=self.child_options(account),
        )
        place, link_name = {NAMESPACE: namespace}, self._link_name(namespace)
        self.link(LinkKind.KUBERNETES_ROLE, link_name, role, unique_id=_uid(role), attributes=place)
        has = pulumi.Output.all(name=self.service_account, suspended=self.suspended)
        name = self.name_of(LinkKind.KUBERNETES_ROLE)
        binding = kubernetes.rbac.v1.RoleBinding(
            f"{self.name}-binding{elsewhere}",
            metadata=self._metadata(LinkKind.KUBERNETES_ROLE_BINDING, namespace, OURS_WINS),
            role_ref=kubernetes.rbac.v1.RoleRefArgs(api_group=RBAC, kind="Role", name=name),
            subjects=has.apply(partial(_subjects, self._spec.namespace)),
            opts=self.child_options(role),
        )
        whose: dict[str, pulumi.Input[str]] = {
            **place,
            ACCOUNT: self._link_name(self._spec.namespace),
            ROLE: name,
            "suspended": self._suspended,
        }
        kind = LinkKind.KUBERNETES_ROLE_BINDING
        self.link(kind, link_name, binding, unique_id=_uid(binding), attributes=whose)

    def _metadata(self, kind: LinkKind, namespace: str, annotations: Mapping[str, Any]) -> _ObjectMeta:
        told = self.metadata
        # One by one, so that owner and end are known at preview although another annotation is not.
        marked = {key: told.apply(itemgetter(key)) for key in (*LABELS, *ANNOTATIONS)}
        return _ObjectMeta(
            name=self.name_of(kind),
            namespace=namespace,
            labels={key: marked[key] for key in LABELS},
            annotations={**{key: marked[key] for key in ANNOTATIONS}, **annotations},
        )

    @property
    def _suspended(self) -> pulumi.Output[str]:
        return self.suspended.apply(lambda suspended: "true" if suspended else "false")

    def _link_name(self, namespace: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(namespace, "/", self.service_account)


def _uid(
    made: kubernetes.core.v1.ServiceAccount | kubernetes.rbac.v1.Role | kubernetes.rbac.v1.RoleBinding,
) -> pulumi.Output[str]:
    """Tell an object's uid once it is made: at preview a dry run has another one, and the id is not known."""
    return pulumi.Output.all(made.id, made.metadata).apply(lambda known: str(known[1]["uid"]))


def _subjects(namespace: str, known: Mapping[str, Any]) -> Any:
    return subjects(namespace, known["name"], suspended=known["suspended"])


def _text_of(target: LaterTarget) -> pulumi.Output[str]:
    output: pulumi.Output[str] = pulumi.Output.from_input(target.name)
    return output.apply(target.written)
