"""Allow policies of all resources: kept with etags, given out by version, evaluated down from the organisation.

Sources: IAM documentation, 'Allow policies' (etags, inheritance), REST reference `Policy`; Resource Manager,
`projects.setIamPolicy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tools.doubles.gcp.accounts import Accounts, project_of
from tools.doubles.gcp.conditions import policy_condition_holds
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.members import Members, project_role_of
from tools.doubles.gcp.names import Clock, policy_etag
from tools.doubles.gcp.policy_form import WITH_CONDITIONS, Policy, PolicyForm
from tools.doubles.gcp.projects import ORGANIZATION, Projects
from tools.doubles.gcp.resources import attributes_of
from tools.doubles.gcp.roles import Roles

_ORGANIZATION = f"organizations/{ORGANIZATION}"


class _Set(NamedTuple):
    """A policy, when it was set, and from when on it counts."""

    at: datetime
    counts: datetime
    policy: Policy


@dataclass(slots=True)
class _Attached:
    """A resource: what it inherits from, whether it takes conditions, and its policies, oldest first."""

    parent: str
    conditions: bool
    policies: list[_Set] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return self.policies[-1].policy if self.policies else Policy()

    def counting(self, moment: datetime) -> Policy:
        """The newest policy that counts already."""
        return next((each.policy for each in reversed(self.policies) if each.counts <= moment), Policy())

    def standing(self, moment: datetime) -> Policy:
        """The policy that was set last before a moment."""
        return next((each.policy for each in reversed(self.policies) if each.at <= moment), Policy())


class Policies:
    """The allow policy of every resource; organisation, projects and service accounts have theirs unattached."""

    def __init__(
        self,
        accounts: Accounts,
        projects: Projects,
        members: Members,
        roles: Roles,
        now: Clock,
        propagation: Callable[[], timedelta],
    ) -> None:
        self._accounts, self._projects, self._members, self._roles = accounts, projects, members, roles
        self._now, self._propagation = now, propagation
        self._form = PolicyForm(members, roles)
        self._attached: dict[str, _Attached] = {}

    def attach(self, resource: str, parent: str, *, conditions: bool = True) -> None:
        """Let a resource exist, with an empty policy of its own.

        Args:
            resource: relative name.
            parent: relative name of what it inherits from, such as `projects/p`.
            conditions: whether its policy takes conditional bindings.
        """
        self._projects.meet(resource, parent)
        self._attached.setdefault(self.key_of(resource), _Attached(self.key_of(parent), conditions))

    def detach(self, resource: str) -> None:
        """Let a resource be gone, with its policy."""
        self._attached.pop(self.key_of(resource), None)

    def get(self, resource: str, version: int = 1) -> dict[str, Any]:
        """Give a resource's policy; below version 3, conditions are hidden behind the role's name.

        Raises:
            Refusal: 400 for a version that there is none of, 404 for a resource that there is none of.
        """
        return self._form.shown(self._of(resource).policy, version)

    def set(self, resource: str, policy: Mapping[str, Any], mask: str = "bindings,etag") -> dict[str, Any]:
        """Set a resource's policy, and give it as it is then.

        Args:
            resource: relative name.
            policy: bindings, etag and version; auditConfigs if the mask names them.
            mask: the fields that count; without `etag`, or with an empty one, nothing is compared.

        Raises:
            Refusal: 409 when the policy was changed since the etag was read; 400 for what no policy may be.
        """
        attached, fields = self._of(resource), {each.strip() for each in (mask or "bindings,etag").split(",")}
        stands, etag = attached.policy, policy.get("etag") if "etag" in fields else None
        if etag and etag != stands.etag:
            raise refuse(
                "ABORTED",
                "There were concurrent policy changes. Please retry the whole read-modify-write with exponential "
                f"backoff. The request's ETag '{etag}' did not match the current policy's ETag '{stands.etag}'.",
            )
        changed = stands
        if "bindings" in fields:
            bindings = self._form.read(resource, policy, stands, conditions=attached.conditions)
            changed = replace(changed, bindings=bindings)
            self._form.judge_version(int(policy.get("version") or 0), changed, stands if etag else Policy())
        if "auditConfigs" in fields:
            changed = replace(changed, audit=tuple(policy.get("auditConfigs") or ()))
        moment = self._now()
        attached.policies.append(_Set(moment, moment + self._propagation(), replace(changed, etag=policy_etag())))
        return self._form.shown(attached.policy, WITH_CONDITIONS)

    def permits(self, principal: str, permission: str, resource: str) -> bool:
        """Tell whether a principal has a permission on a resource, by its policy or one that it inherits.

        Args:
            principal: an e-mail address, or a `Federated`.
            permission: such as `pubsub.topics.publish`.
            resource: relative name; need not be attached: then the nearest above it decides.
        """
        asked = self._projects.canonical(resource)
        attributes, moment = attributes_of(asked), self._now()
        for _, attached in self._line_of(asked):
            for binding in attached.counting(moment).bindings:
                if (
                    self._roles.grants(binding.role, permission)
                    and any(self._includes(each, principal) for each in binding.members)
                    and (not binding.condition or policy_condition_holds(binding.expression, moment, attributes))
                ):
                    return True
        return False

    def all(self, project: str, moment: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every resource of a project or above one, and that itself, whose policy has bindings: its name, the policy.

        Args:
            project: relative name; also that of a folder or the organisation.
            moment: the policies are given as they were set then.
        """
        for resource, attached in sorted(self._attached.items()):
            if self._exists(resource) and self.key_of(project) in [name for name, _ in self._line_of(resource)]:
                shown = self._form.shown(attached.standing(moment), WITH_CONDITIONS)
                if shown.get("bindings"):
                    yield resource, shown

    def key_of(self, resource: str) -> str:
        """A resource's name with the project's id, and with a service account's unique id."""
        name = self._projects.canonical(resource)
        parts = name.split("/")
        if len(parts) == 4 and parts[2] == "serviceAccounts":
            account = self._accounts.find(parts[3])
            if account is not None:
                return f"projects/{account['projectId']}/serviceAccounts/{account['uniqueId']}"
            # Of an account that is gone, its project still decides.
            return f"projects/{project_of(parts[3]) or parts[1]}/serviceAccounts/{parts[3]}"
        return name

    def project_of(self, resource: str) -> str:
        """The id of the project that a resource inherits from; empty when there is no such resource."""
        line = [name for name, _ in self._line_of(resource) if name.startswith("projects/")]
        return line[-1].removeprefix("projects/") if line and line[-1].count("/") == 1 else ""

    def exists(self, resource: str) -> bool:
        """Tell whether there is a resource with a policy of its own."""
        return self._exists(self.key_of(resource))

    def _exists(self, key: str) -> bool:
        parts = key.split("/")
        if key == _ORGANIZATION:
            return True
        if len(parts) == 2 and parts[0] == "projects":
            return self._projects.exists(parts[1])
        if len(parts) == 4 and parts[2] == "serviceAccounts":
            account = self._accounts.by_unique_id.get(parts[3])
            return account is not None and account.deleted is None
        return key in self._attached

    def _of(self, resource: str) -> _Attached:
        key = self.key_of(resource)
        if not self._exists(key):
            raise refuse("NOT_FOUND", f"Resource {resource} was not found.")
        project, is_top = "/".join(key.split("/")[:2]), key == _ORGANIZATION
        parent = _ORGANIZATION if key.count("/") == 1 else project
        return self._attached.setdefault(key, _Attached("" if is_top else parent, conditions=True))

    def _line_of(self, resource: str) -> Iterator[tuple[str, _Attached]]:
        """The nearest resource that there is, and those that it inherits from."""
        key = self.key_of(resource)
        while key and not self._exists(key):
            key = self.key_of(key.rpartition("/")[0])
        while key and self._exists(key):
            attached = self._of(key)
            yield key, attached
            key = attached.parent

    def _includes(self, kept: str, principal: str) -> bool:
        if stands_for := project_role_of(kept):
            project, role = stands_for
            attached = self._attached.get(self.key_of(f"projects/{project}"), _Attached("", conditions=True))
            bindings = attached.counting(self._now()).bindings
            held = [each for binding in bindings if binding.role == role for each in binding.members]
            return any(self._members.includes(each, principal) for each in held)
        return self._members.includes(kept, principal)
