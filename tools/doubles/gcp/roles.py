"""IAM v1, `projects.roles` and `organizations.roles`: custom roles, deleted softly; and what any role grants.

Sources: IAM documentation, 'Create and manage custom roles' (a deleted role can be restored for 7 days, its id is
free after 37), 'Quotas and limits' (300 custom roles a project; deleted ones count), REST reference `projects.roles`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from nhi_components.core.gcp_catalogue import all_permissions, permissions_of
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, page_of, policy_etag
from tools.doubles.gcp.projects import Projects
from tools.doubles.messages import Request
from tools.doubles.routes import route

RESTORABLE: Final = timedelta(days=7)
BLOCKED: Final = timedelta(days=37)

_ROLES = "/v1/projects/{project}/roles"
_ROLE = _ROLES + "/{role}"
_ROLES_ABOVE = "/v1/organizations/{organization}/roles"
_ID = re.compile(r"[a-zA-Z0-9_.]{3,64}")
_CUSTOM = re.compile(r"(?:projects/([^/]+)|organizations/[^/]+)/roles/[a-zA-Z0-9_.]{3,64}")
_PREDEFINED = re.compile(r"roles/[\w.]+")
_STAGES = ("ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP")
_LONGEST = {"title": 100, "description": 256}
_PATCHABLE = ("title", "description", "includedPermissions", "stage")
_NOT_OF_PROJECTS = re.compile(r"resourcemanager\.(?:projects\.list|folders\..*|organizations\..*)")
"""What only an organisation's role may hold: IAM documentation, 'Create and manage custom roles'."""


@dataclass(slots=True)
class Role:
    """One custom role.

    Attributes:
        facts: what the API shows of it.
        deleted: when it was deleted; None while it lives.
    """

    facts: dict[str, Any]
    deleted: datetime | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)


class Roles:
    """Every custom role of every project, and of the organisation.

    Attributes:
        by_name: each, by its whole name, which has the project's id.
        most: how many a project may have.
    """

    def __init__(self, projects: Projects, now: Clock) -> None:
        self.by_name: dict[str, Role] = {}
        self.most = 300
        self._projects, self._now = projects, now

    def grants(self, role: str, permission: str) -> bool:
        """Tell whether a role holds a permission; a deleted one and a disabled one hold none."""
        custom = self.by_name.get(self._projects.canonical(role))
        if custom is not None:
            alive = custom.deleted is None and custom.facts.get("stage") != "DISABLED"
            return alive and permission in custom.permissions
        return permission in (permissions_of(role) or ())

    def problem(self, role: str, resource: str, permissions: tuple[str, ...]) -> str:
        """Tell, in Google's words, why a role can't be bound on a resource; empty when it can.

        Args:
            role: its name.
            resource: relative name.
            permissions: what permissions on that kind of resource begin with.
        """
        name = self._projects.canonical(role)
        if custom := _CUSTOM.fullmatch(name):
            found = self.by_name.get(name)
            # A bucket's name does not tell its project, so any project's role will do there.
            is_outside = custom[1] and not resource.startswith((f"projects/{custom[1]}", "projects/_/"))
            is_lost = found is None or found.deleted is not None or is_outside
            return f"Role ({role}) does not exist in the resource's hierarchy." if is_lost else ""
        if not _PREDEFINED.fullmatch(role) or "_withcond_" in role:
            forms = '"organizations/{organization_id}/roles/{role}", or "projects/{project_id}/roles/{role}"'
            return f'The role name must be in the form "roles/{{role}}", {forms}.'
        fits = any(each.startswith(permissions) for each in permissions_of(role) or ())
        return "" if fits else f"Role {role} is not supported for this resource."

    @route("GET", "/v1/roles/{role}")
    def predefined(self, request: Request) -> Any:
        name = f"roles/{request.params['role']}"
        held = permissions_of(name)
        if held is None:
            raise refuse("NOT_FOUND", f"The role named {name} was not found.")
        return {"name": name, "title": name, "stage": "GA", "includedPermissions": sorted(held)}

    @route("POST", _ROLES, needs="iam.roles.create")
    @route("POST", _ROLES_ABOVE, needs="iam.roles.create")
    def create(self, request: Request) -> Any:
        asked, parent = request.json(), self._parent(request)
        id_ = asked.get("roleId", "")
        if not _ID.fullmatch(id_):
            raise refuse("INVALID_ARGUMENT", f"The role_id ({id_}) is not valid: 3 to 64 of [a-zA-Z0-9_.].")
        name = f"{parent}/roles/{id_}"
        self._forget()
        if name in self.by_name:
            if self.by_name[name].deleted:
                said = f"You can't create a role_id ({id_}) which has been marked for deletion."
                raise refuse("FAILED_PRECONDITION", said)
            raise refuse("ALREADY_EXISTS", f"A role named {id_} in {parent} already exists.")
        if sum(each.startswith(f"{parent}/") for each in self.by_name) >= self.most:
            raise refuse("RESOURCE_EXHAUSTED", f"Maximum number of roles reached. Maximum is: {self.most}")
        fields = {key: value for key, value in asked.get("role", {}).items() if key in _PATCHABLE and value}
        _judge(fields, of_project="project" in request.params)
        self.by_name[name] = Role({"stage": "ALPHA"} | fields | {"name": name})
        return self._changed(self.by_name[name])

    @route("GET", _ROLES, needs="iam.roles.list")
    @route("GET", _ROLES_ABOVE, needs="iam.roles.list")
    def list(self, request: Request) -> Any:
        start = f"{self._parent(request)}/"
        hidden = () if request.query.get("view") == "FULL" else ("includedPermissions",)
        with_deleted = request.query.get("showDeleted") == "true"
        found = [
            {key: value for key, value in self._shown(role).items() if key not in hidden}
            for name, role in self.by_name.items()
            if name.startswith(start) and self._is_shown(role, with_deleted=with_deleted)
        ]
        return page_of(found, "roles", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", _ROLE, needs="iam.roles.get")
    def get(self, request: Request) -> Any:
        return self._shown(self._role(request))

    @route("PATCH", _ROLE, needs="iam.roles.update")
    def patch(self, request: Request) -> Any:
        role, asked = self._role(request), request.json()
        if role.deleted:
            raise refuse("FAILED_PRECONDITION", f"You can't update role_id ({request.params['role']}): it is deleted.")
        _check_etag(role, asked.get("etag"))
        mask = [each for each in request.query.get("updateMask", "").split(",") if each] or [*asked.keys() - {"etag"}]
        names = {re.sub("_([a-z])", lambda found: found[1].upper(), each) for each in mask} - {"name"}
        if wrong := sorted(names - set(_PATCHABLE)):
            raise refuse("INVALID_ARGUMENT", f"Invalid update mask: {wrong[0]}")
        fields = {name: asked.get(name, [] if name == "includedPermissions" else "") for name in names}
        _judge(fields, of_project=True)
        role.facts |= fields
        return self._changed(role)

    @route("DELETE", _ROLE, needs="iam.roles.delete")
    def delete(self, request: Request) -> Any:
        role = self._role(request)
        if role.deleted:
            raise refuse(
                "FAILED_PRECONDITION", f"The role_id ({request.params['role']}) is marked for deletion already."
            )
        _check_etag(role, request.query.get("etag"))
        role.deleted = self._now()
        return self._changed(role)

    @route("POST", _ROLE + ":undelete", needs="iam.roles.undelete")
    def undelete(self, request: Request) -> Any:
        role = self._role(request)
        if not role.deleted:
            raise refuse("FAILED_PRECONDITION", f"You can't undelete an active role_id ({request.params['role']}).")
        _check_etag(role, request.json().get("etag"))
        role.deleted = None
        return self._changed(role)

    def _parent(self, request: Request) -> str:
        if "project" in request.params:
            return f"projects/{self._projects.id_of(request.params['project'])}"
        return f"organizations/{request.params['organization']}"

    def _role(self, request: Request) -> Role:
        self._forget()
        name = f"projects/{self._projects.id_of(request.params['project'])}/roles/{request.params['role']}"
        role = self.by_name.get(name)
        if role is None or not self._is_shown(role, with_deleted=True):
            raise refuse("NOT_FOUND", f"The role named {name} was not found.")
        return role

    def _is_shown(self, role: Role, *, with_deleted: bool) -> bool:
        return role.deleted is None or (with_deleted and self._now() < role.deleted + RESTORABLE)

    def _shown(self, role: Role) -> dict[str, Any]:
        return role.facts | ({"deleted": True} if role.deleted else {})

    def _changed(self, role: Role) -> dict[str, Any]:
        role.facts["etag"] = policy_etag()
        role.permissions = frozenset(role.facts.get("includedPermissions", ()))
        return self._shown(role)

    def _forget(self) -> None:
        for name, role in [*self.by_name.items()]:
            if role.deleted and self._now() >= role.deleted + BLOCKED:
                del self.by_name[name]


def _judge(fields: dict[str, Any], *, of_project: bool) -> None:
    for name, longest in _LONGEST.items():
        if len(fields.get(name, "")) > longest:
            raise refuse("INVALID_ARGUMENT", f"The role {name} is longer than {longest} characters.")
    if fields.get("stage", "GA") not in _STAGES:
        raise refuse("INVALID_ARGUMENT", f"Invalid value at 'role.stage': \"{fields['stage']}\"")
    for permission in fields.get("includedPermissions", ()):
        if permission not in all_permissions() or (of_project and _NOT_OF_PROJECTS.fullmatch(permission)):
            raise refuse("INVALID_ARGUMENT", f"Permission {permission} is not valid.")


def _check_etag(role: Role, asked: str | None) -> None:
    if asked and asked != role.facts["etag"]:
        said = "There were concurrent role changes. Please retry the whole read-modify-write with exponential backoff."
        raise refuse("ABORTED", said)
