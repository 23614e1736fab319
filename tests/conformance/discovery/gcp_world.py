"""Google Cloud for the suite of discoveries: its double, whose allow policies decide who may do what."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from nhi_components.core.connection import GcpConnection
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Record,
    Use,
)
from nhi_components.core.links import System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER, description_mark
from nhi_components.lifecycle.adapters.gcp.discovery import Discovery
from tests.conformance.discovery.world import Planted
from tests.conformance.gcp_world import GcpWorld
from tests.conformance.world import now
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.assets import Asset
from tools.doubles.gcp.double import PROJECT as P
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.projects import ORGANIZATION

LEASE_ID = "nhi-abcdefghij234567"
ABOVE, FOLDER = f"organizations/{ORGANIZATION}", "folders/500000000001"
ISSUER = "https://issuer.example.com"
_READING = re.compile(r"/token$|/tokeninfo$|:getIamPolicy$")
_AMBIENT = "GOOGLE_APPLICATION_CREDENTIALS"


class GcpDiscoveryWorld:
    """The double as an organisation that the suite owns."""

    def __init__(self, double: GcpDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._folder, self._environment = double, folder, monkeypatch
        self._operated = GcpWorld(double, folder, monkeypatch)
        self.secrets = self._operated.credentials
        self.ask, self.bind, self.operator = self._operated.ask, self._operated.bind, self._operated.operator
        self._key_file = folder / "operator.json"

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        facts = {"displayName": "Orders", "description": f"ships orders {description_mark(LEASE_ID)}"}
        made = self.ask("POST", f"/v1/projects/{P}/serviceAccounts", {"accountId": name, "serviceAccount": facts})
        email, member = made["email"], f"serviceAccount:{made['email']}"
        marks = {"description": "ships orders", "display-name": "Orders", LEASE: LEASE_ID, MANAGED_BY: MANAGER}
        self.double.activities.used[made["uniqueId"]] = now() - timedelta(days=40)
        use = self._use("serviceAccountLastAuthentication", made["uniqueId"])
        records = [
            FoundIdentity(member, System.GCP, P, "service-account", email, made["uniqueId"], use=use, marks=marks),
            self.key(email, used=True),
            *self._grants(name, member),
            *self._ways_in(email),
            self.provider(name),
            *self._dependents(name, email),
        ]
        # IAM does not tell when an account was made.
        return Planted({member: made["uniqueId"]}, records, dated=False)

    def key(self, email: str, *, used: bool = False) -> FoundCredential:
        """Make a key as a person does, and tell what is to be found of it."""
        with self.double.lock:
            key, file = self.double.keys.make(email)
        self.secrets.append(file["private_key"])
        if used:
            self.double.activities.used[key.id] = now() - timedelta(days=60)
        use = self._use("serviceAccountKeyLastAuthentication", key.id)
        made = key.made.replace(microsecond=0)
        return FoundCredential(f"serviceAccount:{email}", "service-account-key", key.id, made, use=use)

    def _use(self, activity: str, id_: str) -> Use:
        path = f"/v1/projects/{P}/locations/global/activityTypes/{activity}/activities:query"
        (told,) = [each for each in self.ask("GET", path)["activities"] if id_ in json.dumps(each)]
        last, period = told["activity"].get("lastAuthenticatedTime"), told["observationPeriod"]
        start, end = (datetime.fromisoformat(period[each]) for each in ("startTime", "endTime"))
        return Use(datetime.fromisoformat(last) if last else None, start, end)

    def _grants(self, name: str, member: str) -> list[Record]:
        topic, role = f"projects/{P}/topics/{name}", f"projects/{P}/roles/{name.replace('-', '_')}"
        above = f"{ABOVE}/roles/{name.replace('-', '_')}"
        self.ask("PUT", f"/v1/{topic}", {})
        for each in (role, above):
            self.role(each, ["pubsub.topics.publish"])
        self.double.policies.attach(FOLDER, ABOVE)
        bound = [
            BindingName(topic, role, member),
            BindingName(FOLDER, "roles/resourcemanager.folderViewer", member),
            BindingName(ABOVE, above, member),
        ]
        for binding in bound:
            self.bind(binding)
        self.bind(BindingName(f"projects/{P}", "roles/pubsub.viewer", member), LEASE_ID)
        expression = 'request.time < timestamp("2030-01-01T00:00:00Z")'
        condition = json.dumps({"expression": expression, "title": f"nhi {LEASE_ID}"}, sort_keys=True)
        return [
            *(FoundGrant(member, each.role, each.resource, via="allow policy") for each in bound),
            FoundGrant(member, "roles/pubsub.viewer", f"projects/{P}", condition=condition, via="allow policy"),
            *(FoundCarrier(member, each, "custom-role") for each in (role, above)),
            *(FoundGrant(each, "pubsub.topics.publish", "*", via=name.replace("-", "_")) for each in (role, above)),
        ]

    def role(self, name: str, permissions: Iterable[str], stage: str = "GA") -> None:
        """Make a custom role, by its whole name."""
        parent, _, role = name.partition("/roles/")
        fields = {"title": role, "includedPermissions": [*permissions], "stage": stage}
        self.ask("POST", f"/v1/{parent}/roles", {"roleId": role, "role": fields})

    def _ways_in(self, email: str) -> list[Record]:
        account, key = f"projects/{P}/serviceAccounts/{email}", f"serviceAccount:{email}"
        workload = f"serviceAccount:{P}.svc.id.goog[shop/orders]"
        self.bind(BindingName(account, "roles/iam.workloadIdentityUser", workload))
        self.bind(BindingName(account, "roles/iam.serviceAccountViewer", "group:auditors@example.com"))
        return [
            FoundStep(workload, key, "impersonate"),
            FoundGrant("group:auditors@example.com", "roles/iam.serviceAccountViewer", account, via="allow policy"),
        ]

    def provider(self, pool: str) -> FoundStep:
        """Make a pool with a provider, and tell the way in that they are."""
        pools = f"projects/{number_of(P)}/locations/global/workloadIdentityPools"
        self.ask("POST", f"/v1/{pools}?workloadIdentityPoolId={pool}", {})
        limits = {
            "attributeCondition": "assertion.ref == 'main'",
            "attributeMapping": {"google.subject": "assertion.sub"},
        }
        oidc = {"issuerUri": ISSUER, "allowedAudiences": ["shop"]}
        path = f"/v1/{pools}/{pool}/providers?workloadIdentityPoolProviderId=main"
        self.ask("POST", path, {"oidc": oidc, **limits})
        members = f"principalSet://iam.googleapis.com/{pools}/{pool}/*"
        told = json.dumps({**limits, "allowedAudiences": ["shop"]}, sort_keys=True)
        return FoundStep(ISSUER, members, "federate", told)

    def _dependents(self, name: str, email: str) -> list[Record]:
        zone, cluster = f"projects/{P}/zones/europe-west1-b", f"projects/{P}/zones/europe-west1-b/clusters/shop"
        run = f"//run.googleapis.com/projects/{P}/locations/europe-west1/services/{name}"
        instance = f"//compute.googleapis.com/{zone}/instances/{name}"
        account = f"//container.googleapis.com/{cluster}/k8s/namespaces/shop/serviceaccounts/{name}"
        pool = f"//container.googleapis.com/{cluster}/nodePools/{name}"
        variable = {"name": "PASSWORD", "value": secrets.token_urlsafe(12)}
        self.secrets.append(variable["value"])
        annotations = {"iam.gke.io/gcp-service-account": email}
        planted: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
            (
                "run.googleapis.com/Service",
                run,
                "v2",
                {"template": {"serviceAccount": email, "containers": [{"env": [variable]}]}},
            ),
            ("compute.googleapis.com/Instance", instance, "v1", {"serviceAccounts": [{"email": email, "scopes": []}]}),
            ("k8s.io/ServiceAccount", account, "v1", {"metadata": {"name": name, "annotations": annotations}}),
            ("container.googleapis.com/NodePool", pool, "v1", {"config": {"serviceAccount": "default"}}),
            ("storage.googleapis.com/Bucket", f"//storage.googleapis.com/{name}", "v1", {}),
        )
        for kind, full_name, version, resource in planted:
            self.double.assets.resources.append(Asset(P, kind, full_name, version, resource))
        default = f"serviceAccount:{number_of(P)}-compute@developer.gserviceaccount.com"
        return [
            FoundDependent(f"serviceAccount:{email}", "run-service", run),
            FoundDependent(f"serviceAccount:{email}", "instance", instance),
            FoundDependent(f"serviceAccount:{email}", "kubernetes-service-account", account),
            FoundDependent(default, "node-pool", pool),
        ]

    def changed(self) -> list[str]:
        with self.double.lock:
            asked = [f"{each.method} {each.target.partition('?')[0]}" for each in self.double.log]
        return [each for each in asked if not each.startswith("GET ") and not _READING.search(each)]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self._discovery(self._key_file, () if everywhere else (P,))

    def permissions_in(self, policy: str) -> set[str]:
        return set(yaml.safe_load(policy)["includedPermissions"])

    def discovery_of(self, permissions: Iterable[str], projects: tuple[str, ...] = (P,)) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        role = f"{ABOVE}/roles/{name.replace('-', '_')}"
        with self.double.lock:
            email = self.double.accounts.make(P, name)["email"]
            told = self.double.keys.make(email)[1]
        self.secrets.append(told["private_key"])
        self.role(role, permissions)
        self.bind(BindingName(ABOVE, role, f"serviceAccount:{email}"))
        return self._discovery(self._file(name, told), projects)

    def discovery_of_nobody(self) -> Discovery:
        told = json.loads(self._key_file.read_text())
        with self.double.lock:
            other = self.double.keys.make(self.operator)[1]
            del self.double.keys.of(self.double.accounts.by_email[self.operator])[other["private_key_id"]]
        self.secrets.append(other["private_key"])
        return self._discovery(self._file("nobody", told | other), (P,))

    def _file(self, name: str, told: dict[str, str]) -> Path:
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(told))
        return file

    def _discovery(self, key_file: Path, projects: tuple[str, ...]) -> Discovery:
        self._environment.setenv(_AMBIENT, str(key_file))
        return Discovery("default", GcpConnection(endpoint=self.double.url, projects=projects), now)
