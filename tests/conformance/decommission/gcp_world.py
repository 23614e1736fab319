"""Google Cloud for the suite of retirements: its double, whose allow policies decide who may do what."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable
from typing import Any

from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from nhi_components.core.connection import GcpConnection
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.retirement import KIND, Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.gcp_world import GcpDiscoveryWorld
from tests.conformance.world import now
from tools.doubles.gcp.assets import Asset
from tools.doubles.gcp.double import PROJECT as P

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
DESCRIPTION = "ships orders"


class GcpRetirementWorld:
    """The double as an organisation that the suite owns."""

    def __init__(self, found: GcpDiscoveryWorld) -> None:
        self.found, self.double, self.secrets = found, found.double, found.secrets

    def plant(self, kind: str = KIND) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        body = {"accountId": name, "serviceAccount": {"displayName": "Orders", "description": DESCRIPTION}}
        made = self.found.ask("POST", f"/v1/projects/{P}/serviceAccounts", body)
        email, topic = str(made["email"]), topic_of(made["email"])
        self.found.ask("PUT", f"/v1/{topic}", {})
        self.found.bind(BindingName(topic, "roles/pubsub.viewer", member(email)))
        self.found.bind(BindingName(topic, "roles/pubsub.viewer", "user:dana@example.com"))
        self.found.bind(BindingName(f"projects/{P}", "roles/pubsub.viewer", member(email)), "abc")
        self.found.bind(
            BindingName(f"projects/{P}/serviceAccounts/{email}", "roles/iam.serviceAccountUser", "user:d@e.f")
        )
        with self.double.lock:
            told = self.double.keys.make(email)[1]
        self.secrets.append(told["private_key"])
        target = Target(member(email), made["uniqueId"], System.GCP, P, KIND, email)
        return Planted(
            target,
            lambda: self._works(told, topic),
            lambda: self.documents(email),
            lambda: self._left(email),
        )

    def plant_guarded(self) -> Target:
        email = self.found.operator
        account = self.double.accounts.by_email[email]
        return Target(member(email), account["uniqueId"], System.GCP, P, KIND, email)

    def add_dependent(self, planted: Planted) -> str:
        run = f"//run.googleapis.com/projects/{P}/locations/europe-west1/services/orders"
        resource = {"template": {"serviceAccount": planted.target.name}}
        self.double.assets.resources.append(Asset(P, "run.googleapis.com/Service", run, "v2", resource))
        return f"run-service {run}"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        email = planted.target.name
        self.found.ask("DELETE", f"/v1/projects/{P}/serviceAccounts/{email}")
        body = {"accountId": email.partition("@")[0], "serviceAccount": {"description": "made anew"}}
        self.found.ask("POST", f"/v1/projects/{P}/serviceAccounts", body)
        self.found.bind(BindingName(topic_of(email), "roles/pubsub.publisher", member(email)))
        return lambda: self.documents(email)

    def retirement(self) -> Retirement:
        self.found.discovery()
        return self.retirement_of_caller()

    def retirement_of_nobody(self) -> Retirement:
        self.found.discovery_of_nobody()
        return self.retirement_of_caller()

    def retirement_of_caller(self) -> Retirement:
        """A retirement by whoever the environment names."""
        return Retirement("default", GcpConnection(endpoint=self.double.url, projects=(P,)), now)

    def documents(self, email: str) -> Any:
        """The account, its keys, and the policies that name it or are its own."""
        with self.double.lock:
            account = self.double.accounts.by_email[email]
            keys = {id_: key.disabled for id_, key in self.double.keys.of(account).items()}
            resources = (topic_of(email), f"projects/{P}", f"projects/{P}/serviceAccounts/{email}")
            policies = {each: self.double.policies.get(each, 3).get("bindings") for each in resources}
            return copy.deepcopy((account, keys, policies))

    def _works(self, key_file: dict[str, str], topic: str) -> bool:
        signing: Any = service_account.Credentials
        session: Any = AuthorizedSession
        with session(signing.from_service_account_info(key_file, scopes=_SCOPES)) as opened:
            try:
                answer = opened.get(f"{self.double.url}/v1/{topic}")
            except RefreshError:
                return False
        assert answer.ok or answer.status_code in (401, 403), answer.text
        return bool(answer.ok)

    def _left(self, email: str) -> list[str]:
        with self.double.lock:
            policies = dict(self.double.policies.all(f"projects/{P}", self.double.now()))
            named = [name for name, policy in policies.items() if email in json.dumps(policy)]
            return [*([email] if email in self.double.accounts.by_email else []), *named]


def member(email: str) -> str:
    return f"serviceAccount:{email}"


def topic_of(email: str) -> str:
    """The topic that an account reads."""
    return f"projects/{P}/topics/{email.partition('@')[0]}"
