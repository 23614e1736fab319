"""Custom roles of projects.

Source: terraform-provider-google 8.0, `resource_google_project_iam_custom_role.go`: an id that was deleted softly is
undeleted and patched; a role that is deleted stays in the state as `deleted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.plugins.gcp.google import Google, GoogleError
from tools.plugins.gcp.names import filled, last, with_settings
from tools.plugins.gcp.rest_resource import DELETION_POLICY
from tools.plugins.gcp.settings import IAM
from tools.plugins.resource import AutoName, PluginError, Properties, Resource

_PATH = "projects/{project}/roles/{roleId}"
_BODY = ("title", "description", "stage")


@dataclass(frozen=True, kw_only=True)
class CustomRole(Resource[Google]):
    """A custom role."""

    @property
    def served(self) -> frozenset[str]:
        """All that there is."""
        return frozenset({"project", "roleId", "permissions", *_BODY, DELETION_POLICY})

    def same(self, name: str, old: Any, new: Any, client: Google) -> bool:
        """Permissions have no order."""
        return name == "permissions" and sorted(old) == sorted(new)

    def foreseen(self, client: Google, inputs: Properties) -> Properties:
        """The provider's project."""
        values = with_settings(_PATH, inputs, client.settings)
        return {DELETION_POLICY: "DELETE"} | ({"project": values["project"]} if values["project"] else {})

    def create(self, client: Google, inputs: Properties) -> tuple[str, Properties]:
        """Look whether there is one, deleted or not; then make it, or undelete it and bring it to what is asked."""
        values = with_settings(_PATH, inputs, client.settings)
        name = filled(_PATH, values)
        try:
            there = client.find(IAM, name)
        except GoogleError as error:
            told = f"Unable to verify whether custom project role {name} already exists and must be undeleted"
            raise error.during(told) from None
        if there is None:
            try:
                body = {"roleId": inputs["roleId"], "role": _body(inputs)}
                client.call(IAM, "POST", f"projects/{values['project']}/roles", body=body)
            except GoogleError as error:
                raise error.during(f"Error creating the custom project role {name}") from None
        elif there.get("deleted"):
            self._bring(client, name, {}, inputs)
        else:
            raise PluginError(f"Custom project role {name} already exists and must be imported")
        return name, self._outputs(name, client.call(IAM, "GET", name), inputs)

    def read(self, client: Google, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        found = client.find(IAM, resource_id)
        return None if found is None else self._outputs(resource_id, found, state)

    def update(self, client: Google, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Undelete it if it was deleted, and patch it."""
        self._bring(client, resource_id, olds, news)
        return {**olds, **news, "deleted": False}

    def delete(self, client: Google, resource_id: str, state: Properties) -> None:
        """Delete it, softly; unlike for most resources, it is an error that it is gone."""
        if state.get(DELETION_POLICY) == "ABANDON":
            return
        if state.get(DELETION_POLICY) == "PREVENT":
            raise PluginError(f'cannot destroy "{resource_id}" without setting deletion_policy="DELETE"')
        try:
            client.call(IAM, "DELETE", resource_id)
        except GoogleError as error:
            raise error.during(f"Error deleting the custom project role {state.get('title')}") from None

    def _bring(self, client: Google, name: str, olds: Properties, news: Properties) -> None:
        title = news["title"]
        try:
            found = client.call(IAM, "GET", name)
        except GoogleError as error:
            raise error.during(f"unable to find custom project role {name} to update") from None
        try:
            if found.get("deleted"):
                client.call(IAM, "POST", f"{name}:undelete", body={})
        except GoogleError as error:
            raise error.during(f"Error undeleting the custom project role {title}") from None
        try:
            if any(olds.get(each) != news.get(each) for each in (*_BODY, "permissions")):
                client.call(IAM, "PATCH", name, body=_body(news))
        except GoogleError as error:
            raise error.during(f"Error updating the custom project role {title}") from None

    def _outputs(self, name: str, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        permissions = list(found.get("includedPermissions", ()))
        asked = list(state.get("permissions") or ())
        return {
            "name": found["name"],
            "roleId": last(name),
            "project": name.split("/")[1],
            **{each: found.get(each) or "" for each in _BODY},
            "permissions": asked if sorted(asked) == sorted(permissions) else permissions,
            "deleted": bool(found.get("deleted")),
            DELETION_POLICY: state.get(DELETION_POLICY) or "DELETE",
        }


def _body(inputs: Properties) -> dict[str, Any]:
    told = {name: inputs[name] for name in _BODY if inputs.get(name)}
    return {**told, "includedPermissions": list(inputs["permissions"])}


CUSTOM_ROLE = CustomRole(
    token="gcp:projects/iAMCustomRole:IAMCustomRole",  # noqa: S106 - a type
    replaces=frozenset({"roleId", "project"}),
    filled_in=frozenset({"project", DELETION_POLICY}),
    defaults={"stage": "GA"},
    auto_name=AutoName("roleId", 64, ""),
    patterns={"roleId": r"[a-zA-Z0-9_.]{3,64}"},
)
