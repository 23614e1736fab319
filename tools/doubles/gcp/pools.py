"""IAM v1, `projects.locations.workloadIdentityPools`: pools, and the issuers that they trust.

Sources: IAM, REST reference `projects.locations.workloadIdentityPools` and `….providers` (limits of mappings and
audiences); IAM documentation, 'Workload Identity Federation with deployment pipelines': the condition that issuers of
many tenants need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from tools.doubles.gcp.cel import CelError
from tools.doubles.gcp.conditions import check_federation
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.members import Members
from tools.doubles.gcp.names import Clock, number_of
from tools.doubles.gcp.projects import Projects
from tools.doubles.gcp.soft_deleted import SoftDeleted
from tools.doubles.messages import Request
from tools.doubles.routes import route

_POOLS = "/v1/projects/{project}/locations/global/workloadIdentityPools"
_POOL = _POOLS + "/{pool}"
_PROVIDERS = _POOL + "/providers"
_PROVIDER = _PROVIDERS + "/{provider}"
_MAY_POOLS = "iam.googleapis.com/workloadIdentityPools"
_MAY_PROVIDERS = "iam.googleapis.com/workloadIdentityPoolProviders"
_MOST_POOLS: Final = 100
_KEY = re.compile(r"google\.(?:subject|groups)|attribute\.[a-z0-9_]{1,100}")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1(?::\d+)?(?:/.*)?")
_LONGEST_EXPRESSION: Final = 2048
_LONGEST_CONDITION: Final = 4096
_MOST_AUDIENCES: Final = 10
_OF_MANY_TENANTS: Final = frozenset(
    {"https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"}
)
IN_MAPPINGS: Final = frozenset({"assertion"})
IN_CONDITIONS: Final = frozenset({"assertion", "google", "attribute"})


class _Providers(SoftDeleted):
    """The providers; only those of OpenID Connect."""

    def judge(self, facts: Mapping[str, Any]) -> None:
        super().judge(facts)
        oidc, mapping = facts.get("oidc"), facts.get("attributeMapping", {})
        if oidc is None:
            raise refuse("INVALID_ARGUMENT", "The double knows providers of OpenID Connect only: `oidc` is missing.")
        _judge_issuer(oidc)
        if "google.subject" not in mapping:
            raise refuse("INVALID_ARGUMENT", "The attribute mapping must map google.subject.")
        for key, expression in mapping.items():
            if not _KEY.fullmatch(key) or len(expression) > _LONGEST_EXPRESSION:
                raise refuse("INVALID_ARGUMENT", f"Invalid attribute mapping of {key}.")
            _compile(f"attribute mapping of {key}", expression, IN_MAPPINGS)
        condition = facts.get("attributeCondition", "")
        if len(condition) > _LONGEST_CONDITION:
            raise refuse("INVALID_ARGUMENT", f"The attribute condition is longer than {_LONGEST_CONDITION} characters.")
        if condition:
            _compile("attribute condition", condition, IN_CONDITIONS)
        if oidc["issuerUri"].rstrip("/") in _OF_MANY_TENANTS and not re.search(
            r"assertion|attribute|google", condition
        ):
            raise refuse("INVALID_ARGUMENT", "The attribute condition must reference one of the provider's claims.")


class Pools:
    """Every pool and every provider of every project.

    Attributes:
        pools: the pools, by whole name with the project's number.
        providers: the providers, by whole name.
    """

    def __init__(self, projects: Projects, members: Members, now: Clock) -> None:
        self.pools = SoftDeleted("WorkloadIdentityPool", ("displayName", "description", "disabled", "mode"), now)
        fields = ("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "oidc")
        self.providers: SoftDeleted = _Providers("WorkloadIdentityPoolProvider", fields, now)
        self._projects, self._members = projects, members

    @route("POST", _POOLS, needs=f"{_MAY_POOLS}.create")
    def create(self, request: Request) -> Any:
        parent = self._parent(request)
        if sum(each.startswith(f"{parent}/") for each in self.pools.by_name) >= _MOST_POOLS:
            raise refuse(
                "RESOURCE_EXHAUSTED", f"Quota limit exceeded: {_MOST_POOLS} workload identity pools a project."
            )
        name = f"{parent}/{request.query.get('workloadIdentityPoolId', '')}"
        return self._told(name, self.pools.create(name, request.json()))

    @route("GET", _POOLS, needs=f"{_MAY_POOLS}.list")
    def list(self, request: Request) -> Any:
        return self.pools.listed(self._parent(request), "workloadIdentityPools", request)

    @route("GET", _POOL, needs=f"{_MAY_POOLS}.get")
    def get(self, request: Request) -> Any:
        return self.pools.shown(self._pool(request))

    @route("PATCH", _POOL, needs=f"{_MAY_POOLS}.update")
    def patch(self, request: Request) -> Any:
        return self._told(self._pool(request), self.pools.patch(self._pool(request), request))

    @route("DELETE", _POOL, needs=f"{_MAY_POOLS}.delete")
    def delete(self, request: Request) -> Any:
        return self._told(self._pool(request), self.pools.delete(self._pool(request)))

    @route("POST", _POOL + ":undelete", needs=f"{_MAY_POOLS}.undelete")
    def undelete(self, request: Request) -> Any:
        return self._told(self._pool(request), self.pools.undelete(self._pool(request)))

    @route("POST", _PROVIDERS, needs=f"{_MAY_PROVIDERS}.create")
    def create_provider(self, request: Request) -> Any:
        pool = self._pool(request)
        if self.pools.find(pool).deleted:
            raise refuse("FAILED_PRECONDITION", f"{pool} is deleted.")
        id_ = request.query.get("workloadIdentityPoolProviderId", "")
        return self.providers.create(f"{pool}/providers/{id_}", request.json())

    @route("GET", _PROVIDERS, needs=f"{_MAY_PROVIDERS}.list")
    def list_providers(self, request: Request) -> Any:
        pool = self._pool(request)
        self.pools.find(pool)
        return self.providers.listed(f"{pool}/providers", "workloadIdentityPoolProviders", request)

    @route("GET", _PROVIDER, needs=f"{_MAY_PROVIDERS}.get")
    def get_provider(self, request: Request) -> Any:
        return self.providers.shown(self._provider(request))

    @route("PATCH", _PROVIDER, needs=f"{_MAY_PROVIDERS}.update")
    def patch_provider(self, request: Request) -> Any:
        return self.providers.patch(self._provider(request), request)

    @route("DELETE", _PROVIDER, needs=f"{_MAY_PROVIDERS}.delete")
    def delete_provider(self, request: Request) -> Any:
        return self.providers.delete(self._provider(request))

    @route("POST", _PROVIDER + ":undelete", needs=f"{_MAY_PROVIDERS}.undelete")
    def undelete_provider(self, request: Request) -> Any:
        return self.providers.undelete(self._provider(request))

    @route("GET", _POOL + "/operations/{operation}", needs=f"{_MAY_POOLS}.get")
    @route("GET", _PROVIDER + "/operations/{operation}", needs=f"{_MAY_PROVIDERS}.get")
    def operation(self, request: Request) -> Any:
        return {"name": request.path.removeprefix("/v1/"), "done": True}

    def _parent(self, request: Request) -> str:
        project = self._projects.id_of(request.params["project"])
        return f"projects/{number_of(project)}/locations/global/workloadIdentityPools"

    def _pool(self, request: Request) -> str:
        return f"{self._parent(request)}/{request.params['pool']}"

    def _provider(self, request: Request) -> str:
        return f"{self._pool(request)}/providers/{request.params['provider']}"

    def _told(self, pool: str, operation: dict[str, Any]) -> dict[str, Any]:
        """Let members know whether the pool exists and lets in."""
        kept = self.pools.find(pool)
        if kept.deleted:
            self._members.pools.pop(pool, None)
        else:
            self._members.pools[pool] = kept.lets_in
        return operation


def _compile(what: str, expression: str, variables: frozenset[str]) -> None:
    try:
        check_federation(expression, variables)
    except CelError as error:
        raise refuse("INVALID_ARGUMENT", f"Invalid {what}: {error}") from None


def _judge_issuer(oidc: Mapping[str, Any]) -> None:
    issuer = oidc.get("issuerUri", "")
    # Google takes https alone; an issuer of a test's own on loopback has no certificate.
    if not issuer.startswith("https://") and not _LOOPBACK.fullmatch(issuer):
        raise refuse("INVALID_ARGUMENT", "The issuer URI must be a valid https URI.")
    audiences = oidc.get("allowedAudiences", [])
    if len(audiences) > _MOST_AUDIENCES or any(not 0 < len(each) <= 256 for each in audiences):
        raise refuse("INVALID_ARGUMENT", f"At most {_MOST_AUDIENCES} allowed audiences of at most 256 characters.")
    if oidc.get("jwksJson"):
        try:
            keys = json.loads(oidc["jwksJson"])["keys"]
        except (ValueError, KeyError, TypeError):
            keys = None
        if not isinstance(keys, list) or not keys:
            raise refuse("INVALID_ARGUMENT", "The JWKs are not valid: a JSON object with a list `keys` is expected.")
