"""Workload identity pools: whose tokens are exchanged for those of which principals.

A pool is named as the member of bindings that stands for all in it, `principalSet://…/POOL/*`. Sources: IAM API, REST
reference `projects.locations.workloadIdentityPools` and `….providers`; IAM documentation, 'Principal identifiers'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from nhi_components.core.inventory.records import FoundDocument, FoundStep, Record
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.gcp.documents import read as read_document
from nhi_components.facts.gcp.model import IdentityProvider
from nhi_components.facts.model import Resource
from nhi_components.lifecycle.adapters.gcp.discovery_policy import POOLS
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.gcp.session import IAM
from nhi_components.lifecycle.discovery.ports import Page, Section

_AT_ONCE: Final = "50"
_LIMITS: Final = ("attributeCondition", "attributeMapping")


def pools(looks: Looks, name: str, project: str) -> Section:
    """Make the section of a project's pools; what is deleted, and may be brought back, lets nobody in."""

    def read(cursor: str | None) -> Page:
        path = f"/v1/projects/{quote(project)}/locations/global/workloadIdentityPools"
        query = {"pageSize": _AT_ONCE}
        part = looks.part(IAM, path, "workloadIdentityPools", needs=POOLS[0], query=query, cursor=cursor)
        return Page([record for each in part.items for record in _pool(looks, each)], part.next)

    return Section(name, f"workload identity pools of {project}", POOLS, read)


def _pool(looks: Looks, pool: Told) -> Iterator[Record]:
    members = f"principalSet://iam.googleapis.com/{pool['name']}/*"
    path, query = f"/v1/{quote(pool['name'])}/providers", {"pageSize": _AT_ONCE}
    for told in looks.whole(IAM, path, "workloadIdentityPoolProviders", needs=POOLS[1], query=query):
        name = str(told["name"])
        yield FoundDocument(members, "identity provider", name, json.dumps(told, sort_keys=True))
        for fact in read_document(DocumentKind.TRUST_POLICY, Resource(name, "provider"), told, {}):
            if isinstance(fact, IdentityProvider) and not (pool.get("disabled") or fact.disabled):
                # SAML and X.509 have no issuer by name, only what their tokens are checked with.
                source = str(fact.issuer) if fact.issuer in _issuers(told) else f"{fact.federation} of {name}"
                yield FoundStep(source, members, "federate", _limits(told))


def _issuers(provider: Told) -> tuple[object, ...]:
    return (provider.get("oidc") or {}).get("issuerUri"), (provider.get("aws") or {}).get("accountId")


def _limits(provider: Told) -> str:
    limits = {key: provider[key] for key in _LIMITS if provider.get(key)}
    if audiences := (provider.get("oidc") or {}).get("allowedAudiences"):
        limits["allowedAudiences"] = audiences
    return json.dumps(limits, sort_keys=True) if limits else ""
