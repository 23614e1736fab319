"""A double of Google Cloud: one server that stands in for all its REST endpoints.

The paths are those of oauth2, sts, iamcredentials, iam, cloudresourcemanager, cloudasset, policyanalyzer and
secretmanager, which do not collide; so one base URL serves all, as `GcpConnection.endpoint` or
`client_options.api_endpoint`. More services are mounted beside.

Whoever was made by `ambient` or `grant` is an operator, who may do everything that isn't denied. Everybody else is
judged by the allow policies.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.activities import Activities
from tools.doubles.gcp.assets import Assets
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.members import Members
from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.policy_routes import policy_routes
from tools.doubles.gcp.pools import Pools
from tools.doubles.gcp.projects import Projects
from tools.doubles.gcp.refusals import Refusals
from tools.doubles.gcp.resource_manager import ResourceManager
from tools.doubles.gcp.resources import resource_of
from tools.doubles.gcp.roles import Roles
from tools.doubles.gcp.services import Services
from tools.doubles.gcp.signing import Signing
from tools.doubles.gcp.sts import Sts
from tools.doubles.gcp.tokens import Tokens
from tools.doubles.messages import Answer, Request
from tools.doubles.server import HttpDouble

PROJECT = "nhi-tests"


class GcpDouble(HttpDouble):
    """Google Cloud with one project, `nhi-tests`, in one organisation; further ones come to be when they are named.

    Attributes:
        accounts: IAM's service accounts.
        activities: Policy Analyzer: when accounts and keys were last used.
        assets: Cloud Asset Inventory.
        keys: their keys.
        members: who there is to be bound, and groups.
        operators: principals with every permission that isn't denied.
        policies: the allow policies of everything.
        pools: workload identity pools and their providers.
        projects: which there are.
        propagation: how much later, on the double's clock, a policy or a disabled account counts.
        roles: custom roles.
        secrets: Secret Manager.
        sts: the Security Token Service.
        services: what identities are granted access to: Pub/Sub, Storage, BigQuery, KMS and others.
        tokens: what was issued.
    """

    def __init__(self) -> None:
        super().__init__()
        self.propagation = timedelta()
        self.operators: set[str] = set()
        self.projects = Projects()
        self.projects.meet(f"projects/{PROJECT}")
        self.accounts = Accounts(self.projects, self.now, self._lag)
        self.keys = Keys(self.accounts, self.url, self.now)
        self.members = Members(self.accounts, self.projects, self.now)
        self.roles = Roles(self.projects, self.now)
        self.policies = Policies(self.accounts, self.projects, self.members, self.roles, self.now, self._lag)
        self.tokens = Tokens(self.accounts, self.keys, self.url, self.now)
        self.pools = Pools(self.projects, self.members, self.now)
        self.sts = Sts(self.pools, self.tokens)
        self.assets = Assets(self.policies, self.projects, self.now)
        self._refusals = Refusals(self.projects, self.policies, self.tokens)
        manager = ResourceManager(self.projects, self.now, self.holds)
        self.activities = Activities(self.projects, self.accounts, self.keys, self.now)
        self.mount(self.activities)
        for service in (self.accounts, self.keys, self.roles, self.tokens, self.pools, self.sts, self.assets, manager):
            self.mount(service)
        self.mount(Signing(self.accounts, self.keys, self.now))
        self.services = Services(self)
        self.secrets = self.services.secrets
        policy_routes(self, "/v1/projects/{project}/serviceAccounts/{account}", "iam.serviceAccounts")
        for version in ("v1", "v3"):
            policy_routes(self, f"/{version}/projects/{{project}}", "resourcemanager.projects")

    def ambient(self, folder: Path, name: str = "operator", project: str = PROJECT) -> Path:
        """Make an operator's account with a key file, for GOOGLE_APPLICATION_CREDENTIALS."""
        email = self.accounts.make(project, name)["email"]
        self.operators.add(email)
        file = folder / f"{name}.json"
        file.write_text(json.dumps(self.keys.make(email)[1]))
        return file

    def grant(self, token: str, principal: str) -> str:
        """Let a token speak for a principal, who is an operator from now on, and return it."""
        self.operators.add(principal)
        return super().grant(token, principal)

    def only_projects(self, projects: Collection[str]) -> None:
        """Let there be these projects and no others."""
        self.projects.restrict(projects)

    def disable_api(self, project: str, service: str) -> None:
        """Disable an API, such as `secretmanager.googleapis.com`, in a project."""
        self.projects.disable(project, service)

    def enable_api(self, project: str, service: str) -> None:
        """Enable it again."""
        self.projects.enable(project, service)

    def holds(self, principal: str, permission: str, resource: str) -> bool:
        """Tell whether a principal may do something with a resource, by its relative name."""
        if {(principal, permission), (principal, "*")} & self._denied:
            return False
        return principal in self.operators or self.policies.permits(principal, permission, resource)

    def may(self, request: Request, permission: str) -> bool:
        """Ask the allow policies of the resource that a request is about."""
        return self.holds(request.principal, permission, resource_of(request))

    def closed(self, request: Request) -> Answer | None:
        """Google's answers where there is no such project, or the API is disabled in it."""
        self.projects.meet(request.path)
        return self._refusals.closed(request)

    def principal_of(self, request: Request) -> str:
        """Also whom a JWT speaks for that an account has signed itself, as Google's clients do."""
        token = self.token_of(request)
        return self.tokens.holder_of(token) or super().principal_of(request)

    def unauthorized(self, request: Request) -> Answer:
        """Google's 401, which tells what is the matter with the token."""
        return self._refusals.unauthorized(request, self.token_of(request))

    def forbidden(self, request: Request, permission: str) -> Answer:
        """Google's 403, which names permission and resource."""
        return self._refusals.forbidden(request, permission)

    def absent(self, request: Request) -> Answer:
        """Google's 404 for what is no method of an API."""
        return self._refusals.absent(request)

    def busy(self, request: Request, status: int) -> Answer:
        """Google's 429 and 5xx."""
        return self._refusals.busy(request, status)

    def _lag(self) -> timedelta:
        return self.propagation
