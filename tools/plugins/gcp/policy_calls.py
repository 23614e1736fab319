"""The spellings that Google's services have for reading and writing an allow policy.

Source: terraform-provider-google 8.0, the `iam_*.go` file of each service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.plugins.gcp.google import Google
from tools.plugins.gcp.policies import VERSION, Policy
from tools.plugins.gcp.settings import BIGQUERY, STORAGE
from tools.plugins.resource import PluginError

VERSION_IN_QUERY: Mapping[str, str] = {"options.requestedPolicyVersion": str(VERSION)}
VERSION_IN_BODY: Mapping[str, Any] = {"options": {"requestedPolicyVersion": VERSION}}


@dataclass(frozen=True, slots=True)
class Verbs:
    """`:getIamPolicy` and `:setIamPolicy`.

    Attributes:
        service: a name of `settings.SERVICES`.
        method: that of the read.
        query: likewise.
        body: likewise; None for none.
        mask: what the write says that it changes; empty: nothing.
    """

    service: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    mask: str = ""

    def get(self, google: Google, resource: str) -> Policy:
        """Read it."""
        return google.call(self.service, self.method, f"{resource}:getIamPolicy", query=self.query, body=self.body)

    def set(self, google: Google, resource: str, policy: Policy) -> None:
        """Write it."""
        mask = {"updateMask": self.mask} if self.mask else {}
        google.call(self.service, "POST", f"{resource}:setIamPolicy", body={"policy": policy, **mask})


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """Storage: `b/BUCKET/iam`. A policy that is emptied goes without its etag, as the real provider sends it."""

    def get(self, google: Google, resource: str) -> Policy:
        """Read it."""
        query = {"optionsRequestedPolicyVersion": str(VERSION)}
        return google.call(STORAGE, "GET", f"{resource}/iam", query=query)

    def set(self, google: Google, resource: str, policy: Policy) -> None:
        """Write it."""
        sent = policy if policy["bindings"] else {name: each for name, each in policy.items() if name != "etag"}
        google.call(STORAGE, "PUT", f"{resource}/iam", body=sent)


_LEGACY_ROLES = {
    "OWNER": "roles/bigquery.dataOwner",
    "WRITER": "roles/bigquery.dataEditor",
    "READER": "roles/bigquery.dataViewer",
}
_NOT_MEMBERS = ("dataset", "view", "routine")
_GROUPS = ("projectOwners", "projectReaders", "projectWriters", "allAuthenticatedUsers")
_MEMBER_FIELDS = {"group": "groupByEmail", "domain": "domain", "iamMember": "iamMember", "user": "userByEmail"}


@dataclass(frozen=True, slots=True)
class DatasetAccess:
    """BigQuery: a dataset has a list of accesses in its own body in the place of a policy, and no etag guards it."""

    def get(self, google: Google, resource: str) -> Policy:
        """Read it."""
        bindings = []
        for entry in self._entries(google, resource):
            if "role" in entry and not any(name in entry for name in _NOT_MEMBERS):
                binding = {"role": _LEGACY_ROLES.get(entry["role"], entry["role"]), "members": [_member_of(entry)]}
                bindings.append(binding | ({"condition": entry["condition"]} if "condition" in entry else {}))
        return {"bindings": bindings}

    def set(self, google: Google, resource: str, policy: Policy) -> None:
        """Write it; authorised views, datasets and routines stay."""
        entries = [
            {"role": binding["role"], **condition, **_access_of(member)}
            for binding in policy["bindings"]
            for condition in [{"condition": binding["condition"]} if "condition" in binding else {}]
            for member in binding["members"]
            if not member.startswith("iamMember:deleted:")
        ]
        kept = [each for each in self._entries(google, resource) if any(name in each for name in _NOT_MEMBERS)]
        google.call(BIGQUERY, "PATCH", resource, query={"accessPolicyVersion": "3"}, body={"access": entries + kept})

    def _entries(self, google: Google, resource: str) -> list[dict[str, Any]]:
        found = google.call(BIGQUERY, "GET", resource, query={"accessPolicyVersion": "3"})
        return list(found.get("access", ()))


def _member_of(entry: Mapping[str, Any]) -> str:
    if "specialGroup" in entry:
        return str(entry["specialGroup"])
    for kind, name in _MEMBER_FIELDS.items():
        if name in entry:
            address = str(entry[name])
            if name != "userByEmail":
                return f"{kind}:{address}"
            if address.startswith("deleted:") or "?uid=" in address:
                return address
            return f"{'serviceAccount' if 'gserviceaccount' in address else 'user'}:{address}"
    raise PluginError("Failed to identify IAM member from BigQuery Dataset access")


def _access_of(member: str) -> dict[str, str]:
    kind, _, address = member.partition(":")
    if member in _GROUPS:
        return {"specialGroup": member}
    name = _MEMBER_FIELDS.get("user" if kind == "serviceAccount" else kind)
    if name is None or not address:
        # An access of a principal without an e-mail address has to be written with the prefix iamMember.
        raise PluginError(f"Failed to parse BigQuery Dataset IAM member type: {member}")
    return {name: address}
