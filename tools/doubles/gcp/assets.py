"""Cloud Asset Inventory v1: `searchAllIamPolicies`, where a principal is bound, and `searchAllResources`.

Sources: Cloud Asset Inventory, REST reference `v1.searchAllIamPolicies`, `v1.searchAllResources`, 'Search IAM allow
policies' (query syntax).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, number_of, page_of
from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.projects import ORGANIZATION, Projects
from tools.doubles.gcp.resources import full_name_of, kind_of
from tools.doubles.messages import Request
from tools.doubles.routes import route

_TERM = re.compile(r'(?:(policy|resource)\s*:\s*)?(?:"([^"]*)"|([^\s"()]+))\s*(?:AND\s+)?')
_MOST = 500
_ONLY_WHEN_ASKED = frozenset({"versionedResources"})


@dataclass(frozen=True)
class Asset:
    """A resource, in the form of its own API.

    Attributes:
        project: the id of the project that it lies in.
        type: such as `compute.googleapis.com/Instance`.
        name: its full resource name.
        version: of its API.
        resource: as that API shows it.
    """

    project: str
    type: str
    name: str
    version: str
    resource: dict[str, Any]


class Assets:
    """Searches the policies, as they stood a while ago, and the resources that were planted.

    Attributes:
        lag: how long it takes, on the double's clock, until a policy that was set is found.
        resources: which there are, of whatever API.
    """

    def __init__(self, policies: Policies, projects: Projects, now: Clock) -> None:
        self.lag = timedelta()
        self.resources: list[Asset] = []
        self._policies, self._projects, self._now = policies, projects, now

    @route("GET", "/v1/projects/{project}:searchAllIamPolicies", needs="cloudasset.assets.searchAllIamPolicies")
    def search(self, request: Request) -> Any:
        return self._search(request, [f"projects/{self._projects.id_of(request.params['project'])}"])

    @route(
        "GET", "/v1/organizations/{organization}:searchAllIamPolicies", needs="cloudasset.assets.searchAllIamPolicies"
    )
    def search_above(self, request: Request) -> Any:
        projects = (f"projects/{each}" for each in self._projects.known())
        return self._search(request, [f"organizations/{request.params['organization']}", *projects])

    @route("GET", "/v1/projects/{project}:searchAllResources", needs="cloudasset.assets.searchAllResources")
    def search_resources(self, request: Request) -> Any:
        project, types = self._projects.id_of(request.params["project"]), _types(request)
        if request.query.get("query"):
            raise refuse("INVALID_ARGUMENT", "the double knows no query of resources")
        mask = [each for each in request.query.get("readMask", "").split(",") if each]
        found = [
            {key: value for key, value in self._shown(each).items() if _is_wanted(key, mask)}
            for each in self.resources
            if each.project == project and (not types or each.type in types)
        ]
        return page_of(found, "results", _size(request), request.query.get("pageToken", ""))

    def _search(self, request: Request, scopes: list[str]) -> Any:
        terms, types = _terms(request.query.get("query", "")), _types(request)
        moment = self._now() - self.lag
        policies = dict(each for scope in scopes for each in self._policies.all(scope, moment))
        found = [
            {"resource": full_name_of(resource), "assetType": kind_of(resource).type, "policy": policy}
            | self._place(self._policies.project_of(resource))
            for resource, policy in policies.items()
            if (not types or kind_of(resource).type in types)
            and all(_is_met(term, full_name_of(resource), policy) for term in terms)
        ]
        return page_of(found, "results", _size(request), request.query.get("pageToken", ""))

    def _shown(self, asset: Asset) -> dict[str, object]:
        versions = [{"version": asset.version, "resource": asset.resource}]
        told = {"name": asset.name, "assetType": asset.type, "displayName": asset.name.rpartition("/")[2]}
        return {**told, **self._place(asset.project), "versionedResources": versions}

    def _place(self, project: str) -> dict[str, object]:
        told: dict[str, object] = {"organization": f"organizations/{ORGANIZATION}"}
        return told | ({"project": f"projects/{number_of(project)}"} if project else {})


def _types(request: Request) -> list[str]:
    types = request.every("assetTypes")
    if any(not re.fullmatch(r"[\w.]+/\w+", each) for each in types):
        raise refuse("INVALID_ARGUMENT", "the double knows no patterns of asset types")
    return types


def _size(request: Request) -> str:
    size = request.query.get("pageSize", "")
    if size and not 0 <= int(size) <= _MOST:
        raise refuse("INVALID_ARGUMENT", f"Page size must be between 0 and {_MOST}.")
    return size


def _is_wanted(key: str, mask: list[str]) -> bool:
    return key in mask if mask else key not in _ONLY_WHEN_ASKED


def _terms(query: str) -> list[tuple[str, str]]:
    terms, offset = [], 0
    while offset < len(query.rstrip()):
        term = _TERM.match(query, offset)
        if term is None or (term[3] or "").upper() in ("OR", "NOT"):
            raise refuse("INVALID_ARGUMENT", f"the double knows no query {query!r}: only terms that all must be met")
        terms.append((term[1] or "", (term[2] if term[2] is not None else term[3]).lower()))
        offset = term.end()
    return terms


def _is_met(term: tuple[str, str], resource: str, policy: dict[str, Any]) -> bool:
    field, wanted = term
    places = {"resource": [resource], "policy": [json.dumps(policy["bindings"])]}
    return any(wanted in text.lower() for name, texts in places.items() if field in ("", name) for text in texts)
