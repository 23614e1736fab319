"""Gathers the roles, users and groups of one stack, each with all that it is granted and all that runs as it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nhi_components.facts.aws.authorization import Held, Target
from nhi_components.facts.aws.circumstances import Tags
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.traits import step_bits
from nhi_components.facts.aws.workloads import TASK_DEFINITION, WORKLOADS, Workload
from nhi_components.facts.chain.model import Identity, Part, Unlinked
from nhi_components.facts.chain.naming import called, every_reference, logical_name, members, value_at
from nhi_components.facts.model import Resource
from nhi_components.facts.values import UNKNOWN

ROLE, USER, GROUP = "role", "user", "group"
_PRINCIPALS: Final = {"aws:iam/role:Role": ROLE, "aws:iam/user:User": USER, "aws:iam/group:Group": GROUP}
_POLICY: Final = "aws:iam/policy:Policy"
_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
_PODS: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_DATA: Final = "aws:iam/getPolicyDocument:getPolicyDocument"
_HOLDERS: Final[Mapping[str, Mapping[str, str]]] = {
    "aws:iam/rolePolicy:RolePolicy": {"role": ROLE},
    "aws:iam/userPolicy:UserPolicy": {"user": USER},
    "aws:iam/groupPolicy:GroupPolicy": {"group": GROUP},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": ROLE},
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": {"user": USER},
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": {"group": GROUP},
    "aws:iam/policyAttachment:PolicyAttachment": {"roles": ROLE, "users": USER, "groups": GROUP},
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": {"roleName": ROLE},
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": {"userName": USER},
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": {"groupName": GROUP},
}
"""The inputs that name who holds a grant."""
_MEMBERSHIPS: Final = {
    "aws:iam/userGroupMembership:UserGroupMembership": ("user", "groups"),
    "aws:iam/groupMembership:GroupMembership": ("users", "group"),
}
_POLICY_INPUTS: Final = ("policyArn", "policyArns", "managedPolicyArns")
_ARN_PARTS: Final = 6
_STEPS: Final = sum(step_bits().values())

TYPES: Final = frozenset(
    {*_PRINCIPALS, *_HOLDERS, *_MEMBERSHIPS, *WORKLOADS, _POLICY, _PROFILE, _PODS, _DATA, TASK_DEFINITION}
)
"""The types of resources that are parts of AWS identities."""


class Document(NamedTuple):
    """One policy document that an identity holds.

    Attributes:
        label: the document's resource, for people; empty when it stands in the identity itself.
        grant: the document.
        references: keys of what it takes values from.
    """

    label: str
    grant: GrantDocument
    references: frozenset[str]

    def held(self, *, allows: bool) -> Iterator[Held]:
        """Yield its statements of one effect."""
        for statement in self.grant.statements:
            if statement.allows is allows:
                yield Held(statement, self.label, self.references)


class Pods(NamedTuple):
    """EKS gives a role to the pods of one service account.

    Attributes:
        namespace: of the service account.
        account: its name.
        place: where that is told.
    """

    namespace: str
    account: str
    place: str


class Running(NamedTuple):
    """Something that runs as a role."""

    workload: Workload
    target: Target
    name: str


@dataclass(slots=True)
class Principal:
    """A role, user or group, with everything that is told of it.

    Attributes:
        identity: as the graph knows it.
        target: its ARN, as far as known.
        tags: its tags.
        documents: what it holds, without those of its groups.
        groups: keys of the groups in which a user is.
        trust: whom a role admits; None when that is not known.
        trust_references: keys of what the trust takes values from.
        boundary: the documents that cap it; None without a boundary, and when it is not known.
        running: what runs as it.
        policies: the ARNs of the customer's policies that are attached to it.
        pods: which pods EKS gives it to.
    """

    identity: Identity
    target: Target
    tags: Tags = UNKNOWN
    documents: list[Document] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    trust: GrantDocument | None = None
    trust_references: frozenset[str] = frozenset()
    boundary: list[Document] | None = None
    running: list[Running] = field(default_factory=list)
    policies: list[Target] = field(default_factory=list)
    pods: list[Pods] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """Its ARN, with an asterisk for an account that is not known; empty when its name is not known."""
        return f"arn:aws:iam::{self.target.account or '*'}:{self.target.resource}" if self.target.resource else ""


def gather(parts: Iterable[Part]) -> tuple[dict[str, Principal], list[Unlinked]]:
    """Gather the principals of a stack from its parts.

    Returns:
        The principals by key, and the grants whose holders are not told.
    """
    gathering = _Gathering([part for part in parts if part.resource.type in TYPES])
    gathering.link()
    return gathering.principals, gathering.unlinked


class _Gathering:
    def __init__(self, parts: list[Part]) -> None:
        self._parts = {part.resource.name: part for part in parts}
        self.principals: dict[str, Principal] = {}
        self.unlinked: list[Unlinked] = []
        self._by_resource: dict[str, list[str]] = {}
        for part in parts:
            kind = _PRINCIPALS.get(part.resource.type)
            if kind is not None:
                self._add(_principal(part, kind))
        self._policies = {part.resource.name: part for part in parts if part.resource.type == _POLICY}
        self._policy_targets = {name: _target_of(part, "policy", name) for name, part in self._policies.items()}
        self._policies_by_resource: dict[str, list[str]] = {}
        for name, target in self._policy_targets.items():
            self._policies_by_resource.setdefault(target.resource, []).append(name)

    def _add(self, principal: Principal) -> None:
        self.principals[principal.identity.key] = principal
        kind, _, path = principal.target.resource.partition("/")
        self._by_resource.setdefault(f"{kind}/{path.rpartition('/')[2]}", []).append(principal.identity.key)

    def link(self) -> None:
        """Give every principal what its stack grants it."""
        for part in list(self._parts.values()):
            kind = part.resource.type
            if kind in _PRINCIPALS:
                self._own_documents(part, self.principals[part.resource.name])
            elif kind in _HOLDERS:
                self._granted(part)
            elif kind in _MEMBERSHIPS:
                self._membership(part)
            elif kind in WORKLOADS:
                self._workload(part, WORKLOADS[kind])
            elif kind == _PODS:
                self._given_to_pods(part)

    def _own_documents(self, part: Part, principal: Principal) -> None:
        for grant in _documents(part):
            references = _references_of(part, grant.path)
            if grant.kind is PolicyKind.TRUST:
                principal.trust, principal.trust_references = grant, references
            elif grant.kind is PolicyKind.IDENTITY:
                principal.documents.append(Document("", grant, references))
        self._attached(part, [principal])
        self._from_data(part, [principal])
        if principal.trust is None and part.inputs.get("assumeRolePolicy") is UNKNOWN:
            principal.trust_references = _references_of(part, "assumeRolePolicy")
        boundary = part.inputs.get("permissionsBoundary")
        if boundary not in (None, ""):
            principal.boundary = self._boundary(part, boundary)

    def _boundary(self, part: Part, value: object) -> list[Document] | None:
        named = self._policies_named(part, "permissionsBoundary", value)
        documents = [document for name in named for document in _labelled(self._policies[name])]
        if documents or not isinstance(value, str):
            return documents or None
        from nhi_components.facts.aws.managed_policy import read_attachment

        read = read_attachment(part.resource, "permissionsBoundary", value)
        return [Document(value, fact, frozenset()) for fact in read if isinstance(fact, GrantDocument)] or None

    def _granted(self, part: Part) -> None:
        holders = [
            self.principals[key]
            for name, kind in _HOLDERS[part.resource.type].items()
            for key in self._resolved(part, name, part.inputs.get(name), kind)
        ]
        for document in _labelled(part):
            for holder in holders:
                holder.documents.append(document)
        self._attached(part, holders)
        self._from_data(part, holders)

    def _attached(self, part: Part, holders: list[Principal]) -> None:
        for name in _POLICY_INPUTS:
            for policy in self._policies_named(part, name, part.inputs.get(name)):
                for holder in holders:
                    holder.documents += _labelled(self._policies[policy])
                    holder.policies.append(self._policy_targets[policy])
                    self._from_data(self._policies[policy], [holder])

    def _from_data(self, part: Part, holders: list[Principal]) -> None:
        """Take what a data source will write into a document that is not known yet."""
        for name in ("policy", "assumeRolePolicy"):
            if part.inputs.get(name) is not UNKNOWN:
                continue
            for source in part.references.get(name, ()):
                data = self._parts.get(source)
                for grant in _documents(data) if data and data.resource.type == _DATA else ():
                    references = every_reference(data.references) if data else frozenset()
                    for holder in holders:
                        if name == "policy":
                            holder.documents.append(Document(called(grant.resource), grant, references))
                        else:
                            holder.trust, holder.trust_references = grant, references

    def _policies_named(self, part: Part, name: str, value: object) -> list[str]:
        referenced = [each for each in part.references.get(name, ()) if each in self._policies]
        named: list[str] = []
        for member in members(value):
            found = self._policies_by_resource.get(_end_of(member), []) if isinstance(member, str) else referenced
            named += [each for each in found if each in referenced] or found
        return list(dict.fromkeys(named))

    def _resolved(self, part: Part, name: str, value: object, kind: str) -> list[str]:
        """Give the keys of the principals that an input names; one that is not in the stack is made up."""
        referenced = [key for key in part.references.get(name, ()) if self._is(key, kind)]
        found: list[str] = []
        for member in members(value):
            if isinstance(member, str):
                found += self._named(member, kind, referenced, part)
            elif member is UNKNOWN and referenced:
                found += referenced
            elif self._matters(part):
                self.unlinked.append(Unlinked(part.resource, name, f"a {kind} that is not known yet"))
        return list(dict.fromkeys(found))

    def _matters(self, part: Part) -> bool:
        """Tell whether a grant is a step to more privilege, so that it has to be known who holds it."""
        if part.resource.type not in _HOLDERS:
            return False
        named = [each for name in _POLICY_INPUTS for each in self._policies_named(part, name, part.inputs.get(name))]
        grants = [grant for each in (part, *(self._policies[name] for name in named)) for grant in _documents(each)]
        return any(grant.permissions.traits & _STEPS for grant in grants)

    def _is(self, key: str, kind: str) -> bool:
        return key in self.principals and self.principals[key].identity.kind == kind

    def _named(self, text: str, kind: str, referenced: list[str], part: Part) -> list[str]:
        name = _end_of(text).rpartition("/")[2]
        account = _account_of(text)
        same = [
            key
            for key in self._by_resource.get(f"{kind}/{name}", ())
            if not account or self.principals[key].target.account in ("", account)
        ]
        if same:
            return [key for key in same if key in referenced] or same
        if referenced:
            return referenced
        key = f"outside:{account}:{kind}/{name}"
        identity = Identity(key, name, kind, Resource(part.resource.name, part.resource.type))
        self._add(Principal(identity, Target("iam", account, f"{kind}/{name}", key)))
        return [key]

    def _membership(self, part: Part) -> None:
        of_users, of_groups = _MEMBERSHIPS[part.resource.type]
        users = self._resolved(part, of_users, part.inputs.get(of_users), USER)
        groups = self._resolved(part, of_groups, part.inputs.get(of_groups), GROUP)
        for user in users:
            self.principals[user].groups += groups

    def _workload(self, part: Part, workload: Workload) -> None:
        name = str(_known(part, workload.name) or "")
        cluster = part.inputs.get("cluster")
        place = {"name": name, "cluster": _end_of(cluster).rpartition("/")[2] if isinstance(cluster, str) else "*"}
        end = workload.resource.format(**place) if name or "{name}" not in workload.resource else ""
        account = _account_of(_known(part, "arn"))
        running = Running(
            workload,
            Target(workload.service, account, end, part.resource.name),
            f"{workload.noun} {name or logical_name(part.resource)}",
        )
        for key in self._roles_of(part, workload.roles):
            self.principals[key].running.append(running)

    def _given_to_pods(self, part: Part) -> None:
        namespace, account = part.inputs.get("namespace"), part.inputs.get("serviceAccount")
        if isinstance(namespace, str) and isinstance(account, str):
            pods = Pods(namespace, account, f"{called(part.resource)} serviceAccount")
            for key in self._resolved(part, "roleArn", part.inputs.get("roleArn"), ROLE):
                self.principals[key].pods.append(pods)

    def _roles_of(self, part: Part, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            head = path.partition(".")[0]
            value = value_at(part.inputs, path)
            if head in ("iamInstanceProfile", "taskDefinition"):
                kind, name = (_PROFILE, "role") if head == "iamInstanceProfile" else (TASK_DEFINITION, "taskRoleArn")
                for between in self._between(part, head, value, kind):
                    yield from self._resolved(between, name, between.inputs.get(name), ROLE)
            elif value is not None:
                told = part._replace(references={head: part.references.get(head, ())})
                yield from self._resolved(told, head, value, ROLE)

    def _between(self, part: Part, name: str, value: object, kind: str) -> Iterator[Part]:
        """Yield the instance profile or task definition that an input names."""
        referenced = part.references.get(name, ())
        text = _end_of(value).partition("/")[2] or value if isinstance(value, str) else None
        for other in self._parts.values() if text or referenced else ():
            if other.resource.type == kind:
                its = _known(other, "name") or _known(other, "family")
                same = text is not None and its is not None and str(text).partition(":")[0].rpartition("/")[2] == its
                if same or (text is None and other.resource.name in referenced):
                    yield other


def _principal(part: Part, kind: str) -> Principal:
    name = _known(part, "name")
    key = part.resource.name
    shown = name if isinstance(name, str) else logical_name(part.resource)
    tags = part.inputs.get("tags")
    known: Tags = UNKNOWN if tags is not None else {}
    if isinstance(tags, Mapping):
        known = {str(name): value if value is UNKNOWN else str(value) for name, value in tags.items()}
    return Principal(Identity(key, shown, kind, part.resource), _target_of(part, kind, key), known)


def _target_of(part: Part, kind: str, key: str) -> Target:
    arn = _known(part, "arn")
    if isinstance(arn, str) and arn.count(":") >= _ARN_PARTS - 1:
        return Target("iam", _account_of(arn), _end_of(arn), key)
    name, path = _known(part, "name"), _known(part, "path")
    end = f"{kind}{path if isinstance(path, str) and path.startswith('/') else '/'}{name}"
    return Target("iam", "", end if isinstance(name, str) else "", key)


def _known(part: Part, name: str) -> Any:
    value = part.outputs.get(name, part.inputs.get(name))
    return None if value is UNKNOWN else value


def _end_of(text: object) -> str:
    """Give the end of an ARN, such as `role/orders`; any other text as it is."""
    if not isinstance(text, str):
        return ""
    return text.split(":", _ARN_PARTS - 1)[-1] if text.startswith("arn:") else text


def _account_of(arn: object) -> str:
    parts = arn.split(":", _ARN_PARTS - 1) if isinstance(arn, str) and arn.startswith("arn:") else []
    return parts[4] if len(parts) == _ARN_PARTS and parts[4] != "aws" else ""


def _documents(part: Part) -> Iterator[GrantDocument]:
    for fact in part.facts:
        if isinstance(fact, GrantDocument):
            yield fact


def _labelled(part: Part) -> list[Document]:
    label = called(part.resource)
    return [Document(label, grant, _references_of(part, grant.path)) for grant in _documents(part)]


def _references_of(part: Part, path: str) -> frozenset[str]:
    head = path.partition("[")[0].partition(".")[0]
    return frozenset(part.references.get(head, ()))
