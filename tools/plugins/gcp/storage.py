"""Buckets.

Source: terraform-provider-google 8.0, `resource_storage_bucket.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tools.plugins.gcp.google import Google, GoogleError
from tools.plugins.gcp.labels import labels_for
from tools.plugins.gcp.rest_resource import DELETION_POLICY, RestResource, same_letters
from tools.plugins.gcp.settings import STORAGE
from tools.plugins.resource import AutoName, PluginError, Properties

_ACCESS = "iamConfiguration"
_ACCESS_INPUTS = ("uniformBucketLevelAccess", "publicAccessPrevention")


@dataclass(frozen=True, kw_only=True)
class Bucket(RestResource):
    """A bucket; its project is no part of its name, but of the call that makes it."""

    def values(self, client: Google, inputs: Properties) -> dict[str, Any]:
        """Name and project."""
        return {"name": inputs.get("name"), "project": inputs.get("project") or client.settings.project}

    @property
    def served(self) -> frozenset[str]:
        """With its project and what goes into one field of the body."""
        return super().served | {"project", *_ACCESS_INPUTS}

    def foreseen(self, client: Google, inputs: Properties) -> Properties:
        """Its project and address as well."""
        project = inputs.get("project") or client.settings.project
        return {**super().foreseen(client, inputs), **({"project": project} if project else {})}

    def id_of(self, path: str) -> str:
        """Its name."""
        return path.removeprefix("b/")

    def path_of(self, resource_id: str) -> str:
        """Below `b/`."""
        return f"b/{resource_id}"

    def body(self, client: Google, inputs: Properties, values: Mapping[str, Any]) -> dict[str, Any]:
        """Its name, and how access to it is decided."""
        access: dict[str, Any] = {}
        if "uniformBucketLevelAccess" in inputs:
            access["uniformBucketLevelAccess"] = {"enabled": inputs["uniformBucketLevelAccess"]}
        if inputs.get("publicAccessPrevention"):
            access["publicAccessPrevention"] = inputs["publicAccessPrevention"]
        sent = {**super().body(client, inputs, values), "name": inputs["name"]}
        return sent | ({_ACCESS: access} if access else {})

    def outputs(self, client: Google, path: str, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """Its addresses, and how access to it is decided."""
        access = found.get(_ACCESS) or {}
        prevention = access.get("publicAccessPrevention")
        return {
            **super().outputs(client, path, found, state),
            "project": state.get("project") or client.settings.project,
            "url": f"gs://{self.id_of(path)}",
            "uniformBucketLevelAccess": bool((access.get("uniformBucketLevelAccess") or {}).get("enabled")),
            **({"publicAccessPrevention": prevention} if prevention else {}),
        }

    def remove(self, client: Google, path: str, state: Properties) -> None:
        """Look for caches and objects, empty it if that is allowed, and delete it."""
        with suppress(GoogleError):
            client.call(STORAGE, "GET", f"{path}/anywhereCaches/")
        objects = client.call(STORAGE, "GET", f"{path}/o", query={"versions": "true"}).get("items", ())
        if objects and not state.get("forceDestroy"):
            bucket = self.id_of(path)
            raise PluginError(f"Error trying to delete bucket {bucket} without `force_destroy` set to true")
        for each in objects:
            query = {"generation": str(each["generation"])}
            client.call(STORAGE, "DELETE", f"{path}/o/{quote(each['name'], safe='')}", query=query)
        super().remove(client, path, state)

    def send(self, client: Google, path: str, olds: Properties, news: Properties, changed: list[str]) -> None:
        """One patch of what changed; there is no mask, and null takes a label away."""
        everything = self.body(client, news, {})
        names = {_ACCESS if name in _ACCESS_INPUTS else name for name in changed} - {"labels"}
        body = {name: everything.get(name) for name in sorted(names)}
        if "labels" in changed:
            wanted = labels_for(client.settings, news, olds)
            body["labels"] = {**dict.fromkeys(set(olds.get("effectiveLabels") or {}) - set(wanted)), **wanted}
        try:
            client.call(STORAGE, "PATCH", path, body=body)
        except GoogleError as error:
            raise error.during(f"Error updating bucket {news['name']}") from None


BUCKET = Bucket(
    token="gcp:storage/bucket:Bucket",  # noqa: S106 - a type
    noun="bucket",
    service=STORAGE,
    path="b/{name}",
    made_at="b",
    made_with={"project": "{project}"},
    fields=("location", "storageClass", "versioning", "softDeletePolicy", "retentionPolicy", "requesterPays"),
    local=frozenset({"forceDestroy"}),
    polls=1,
    labelled=True,
    replaces=frozenset({"name", "location", "project"}),
    filled_in=frozenset(
        {"project", DELETION_POLICY, "uniformBucketLevelAccess", "publicAccessPrevention", "softDeletePolicy"}
    ),
    defaults={"storageClass": "STANDARD", "forceDestroy": False},
    auto_name=AutoName("name", 63),
    alike={"location": same_letters},
)
