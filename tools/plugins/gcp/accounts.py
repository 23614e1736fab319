"""Service accounts.

Source: terraform-provider-google 8.0, `resource_google_service_account.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from nhi_components.core.errors import Problem
from tools.plugins.gcp.google import Google, GoogleError
from tools.plugins.gcp.names import known
from tools.plugins.gcp.rest_resource import DELETION_POLICY
from tools.plugins.gcp.settings import IAM
from tools.plugins.resource import AutoName, PluginError, Properties, Resource

_POLLS = 3
_LONGEST_DESCRIPTION = 256
_TEXTS = ("displayName", "description")


@dataclass(frozen=True, kw_only=True)
class Account(Resource[Google]):
    """A service account."""

    @property
    def served(self) -> frozenset[str]:
        """All that there is."""
        steering = {"createIgnoreAlreadyExists", DELETION_POLICY}
        return frozenset({"accountId", "project", "disabled", *_TEXTS, *steering})

    def problems(self, inputs: Properties) -> list[Problem]:
        """A description is at most 256 bytes."""
        description = inputs.get("description")
        length = len(description.encode()) if isinstance(description, str) else 0
        expected, fix = f"at most {_LONGEST_DESCRIPTION} bytes", "shorten it"
        wrong = [Problem("description", f"{length} bytes", expected, fix)] if length > _LONGEST_DESCRIPTION else []
        return super().problems(inputs) + wrong

    def foreseen(self, client: Google, inputs: Properties) -> Properties:
        """The address is made of the id and the project, so both it and the member are known."""
        project = inputs.get("project") or client.settings.project
        told = {"project": project, "accountId": inputs.get("accountId")}
        if not (project and told["accountId"] and known(told)):
            return {DELETION_POLICY: "DELETE"}
        email = _email(told["accountId"], project)
        return {"project": project, "email": email, "member": f"serviceAccount:{email}", DELETION_POLICY: "DELETE"}

    def create(self, client: Google, inputs: Properties) -> tuple[str, Properties]:
        """Make it, and look for it three times; it is enabled, whatever the program says."""
        project = inputs.get("project") or client.settings.project
        if not project:
            raise PluginError("project: required field is not set, neither on the resource nor on the provider")
        texts = {name: inputs[name] for name in _TEXTS if inputs.get(name)}
        body = {"accountId": inputs["accountId"], "serviceAccount": texts}
        try:
            found = client.call(IAM, "POST", f"projects/{project}/serviceAccounts", body=body)
        except GoogleError as error:
            if error.status != HTTPStatus.CONFLICT or not inputs.get("createIgnoreAlreadyExists"):
                raise error.during("Error creating service account") from None
            name = f"projects/{project}/serviceAccounts/{_email(inputs['accountId'], project)}"
            found = client.call(IAM, "GET", name)
            return found["name"], _outputs(found, inputs)
        self._poll(client, found["name"])
        return found["name"], _outputs(found, inputs)

    def read(self, client: Google, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        found = client.find(IAM, resource_id)
        return None if found is None else _outputs(found, state)

    def update(self, client: Google, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Enable or disable it first, then patch its texts."""
        mask = [name for name in _TEXTS if (olds.get(name) or "") != (news.get(name) or "")]
        turned = bool(olds.get("disabled")) != bool(news.get("disabled"))
        found = client.call(IAM, "GET", resource_id)
        if turned:
            client.call(IAM, "POST", f"{resource_id}:{'disable' if news.get('disabled') else 'enable'}", body={})
        if mask:
            texts = {name: news[name] for name in _TEXTS if news.get(name)}
            body = {"serviceAccount": {**texts, "etag": found["etag"]}, "updateMask": ",".join(mask)}
            client.call(IAM, "PATCH", resource_id, body=body)
            self._poll(client, resource_id)
        return _outputs({**found, "disabled": news.get("disabled"), **{name: news.get(name) for name in _TEXTS}}, news)

    def delete(self, client: Google, resource_id: str, state: Properties) -> None:
        """Delete it; that it is gone already is as good."""
        if state.get(DELETION_POLICY) == "ABANDON":
            return
        if state.get(DELETION_POLICY) == "PREVENT":
            raise PluginError(f'cannot destroy "{resource_id}" without setting deletion_policy="DELETE"')
        try:
            client.call(IAM, "DELETE", resource_id)
        except GoogleError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise error.during("Error deleting service account") from None

    def _poll(self, client: Google, name: str) -> None:
        # As the real provider reads until it has been there three times in a row; the double is consistent at once.
        for _ in range(_POLLS):
            client.call(IAM, "GET", name)


def _email(account: str, project: str) -> str:
    return f"{account}@{project}.iam.gserviceaccount.com"


def _outputs(found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
    steering = {name: state[name] for name in ("createIgnoreAlreadyExists",) if name in state}
    return {
        "accountId": found["email"].split("@")[0],
        "project": found["projectId"],
        "email": found["email"],
        "member": f"serviceAccount:{found['email']}",
        "name": found["name"],
        "uniqueId": found["uniqueId"],
        "disabled": bool(found.get("disabled")),
        **{name: found.get(name) or "" for name in _TEXTS},
        **steering,
        DELETION_POLICY: state.get(DELETION_POLICY) or "DELETE",
    }


ACCOUNT = Account(
    token="gcp:serviceaccount/account:Account",  # noqa: S106 - a type
    replaces=frozenset({"accountId", "project"}),
    filled_in=frozenset({"project", DELETION_POLICY}),
    defaults={"disabled": False},
    auto_name=AutoName("accountId", 28),
    patterns={"accountId": r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])"},
)
