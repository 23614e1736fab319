"""The members of Google Cloud's workload identity pools, and the identities of other systems that federate as them.

Sources: IAM documentation, 'Principal identifiers', 'Configure Workload Identity Federation with AWS' (the default
mapping), 'with deployment pipelines'; Google Kubernetes Engine, 'Authenticate to Google Cloud APIs from GKE workloads'.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nhi_components.core.links import System
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.gcp.conditions import parse
from nhi_components.facts.gcp.documents import read as read_document
from nhi_components.facts.gcp.model import Federation as Way
from nhi_components.facts.gcp.model import IdentityProvider
from nhi_components.facts.model import Resource
from nhi_components.lifecycle.verdicts.readings.expressions import claimed
from nhi_components.lifecycle.verdicts.readings.federation import HOW, Bearer, Federation, Token, is_github
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.rows import Rows

_MEMBER: Final = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/(?P<pool>.+/workloadIdentityPools/[^/]+)/(?P<rest>.+)"
)
_GKE: Final = re.compile(r"serviceAccount:[^\[]+\.svc\.id\.goog\[(?P<namespace>[^/\]]+)/(?P<name>[^\]]+)\]")
_GKE_SUBJECT: Final = re.compile(r"subject/ns/(?P<namespace>[^/]+)/sa/(?P<name>[^/]+)")
_GKE_POOL: Final = ".svc.id.goog"
_ASSUMED: Final = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)(?:/.*)?")
_SUBJECT: Final = "google.subject"
_ASSERTION: Final = "assertion."


class Pools:
    """The pools of all projects.

    Args:
        found: the estate.
        federation: the identities of other systems.
    """

    def __init__(self, found: Found, federation: Federation) -> None:
        self._federation = federation
        self._providers: dict[str, list[IdentityProvider]] = defaultdict(list)
        for members, kind, name, content in found.rows("documents", System.GCP, "holder", "kind", "name", "content"):
            pool = _MEMBER.fullmatch(members)
            if kind == "identity provider" and pool:
                for fact in read_document(DocumentKind.TRUST_POLICY, Resource(name, "provider"), content, {}):
                    if isinstance(fact, IdentityProvider) and not fact.disabled:
                        self._providers[pool["pool"]].append(fact)
        self._roles: dict[str, dict[str, str]] = defaultdict(dict)
        if any(each.federation is Way.AWS for providers in self._providers.values() for each in providers):
            for role in found.identities(System.AWS):
                if role.kind == "iam-role":
                    self._roles[role.place][role.name] = role.key

    def tell(self, rows: Rows, members: Iterable[str], lets: Mapping[str, Iterable[str]]) -> None:
        """Tell who federates as which member.

        Args:
            rows: takes the steps.
            members: all that are bound anywhere.
            lets: the service accounts that each becomes; a cluster's account is annotated with one of them.
        """
        for member in sorted(members):
            for bearer in self._bearers(member, lets):
                rows.step(bearer.name, member, HOW, certain=bearer.certain)
                self._federation.use(bearer.name)

    def _bearers(self, member: str, lets: Mapping[str, Iterable[str]]) -> Iterator[Bearer]:
        if gke := _GKE.fullmatch(member):
            yield from self._accounts(gke["namespace"], gke["name"], lets.get(member, ()))
        elif pooled := _MEMBER.fullmatch(member):
            pool, rest = pooled["pool"], pooled["rest"]
            if pool.endswith(_GKE_POOL) and (account := _GKE_SUBJECT.fullmatch(rest)):
                yield from self._accounts(account["namespace"], account["name"], ())
            for provider in self._providers.get(pool, ()):
                yield from self._by(provider, rest, member)

    def _accounts(self, namespace: str, name: str, targets: Iterable[str]) -> Iterator[Bearer]:
        subject = f"system:serviceaccount:{namespace}:{name}"
        each = [bearer for target in (*targets, "") for bearer in self._federation.accounts(subject, target)]
        for account in dict.fromkeys(bearer.name for bearer in each):
            yield Bearer(account, any(bearer.certain for bearer in each if bearer.name == account))

    def _by(self, provider: IdentityProvider, rest: str, member: str) -> Iterator[Bearer]:
        if provider.federation is Way.AWS:
            yield from self._aws(provider, rest)
        elif isinstance(provider.issuer, str) and is_github(provider.issuer):
            yield from self._github(provider, rest)
        elif isinstance(provider.issuer, str) and rest.startswith("subject/"):
            certain = provider.condition is None
            token = Token(provider.issuer, (rest.removeprefix("subject/"),), certain)
            yield from self._federation.bearers(token, member)

    def _github(self, provider: IdentityProvider, rest: str) -> Iterator[Bearer]:
        """Yield the workflows that are a member; of what a token claims its repository is known, and its owner."""
        kind, _, value = rest.partition("/")
        expression = provider.mapping.get(_SUBJECT if kind == "subject" else kind, "")
        claim = expression.removeprefix(_ASSERTION)
        match claim:
            case "repository":
                candidates = [Bearer(key, certain=True) for key in self._federation.of_repositories(value)]
            case "repository_owner":
                candidates = [Bearer(key, certain=True) for key in self._federation.of_repositories(f"{value}/*")]
            case "sub":
                candidates = list(self._federation.workflows(value))
            case _:
                every = self._federation.of_repositories("*")
                candidates = [Bearer(key, certain=kind == "*") for key in every]
        condition = provider.condition
        if condition is None:
            yield from candidates
            return
        for bearer in candidates:
            claims = _claims_of(self._federation.repository_of(bearer.name), provider.mapping)
            holds = claimed(parse(condition.expression or ""), claims)
            if holds is not False:
                yield Bearer(bearer.name, bearer.certain and holds is True)

    def _aws(self, provider: IdentityProvider, rest: str) -> Iterator[Bearer]:
        kind, _, value = rest.partition("/")
        account = str(provider.issuer)
        roles = self._roles.get(account, {})
        assumed = _ASSUMED.fullmatch(value)
        if kind == "*" or (kind == "attribute.account" and value == account):
            candidates = dict(roles)
        elif assumed and assumed[1] == account and assumed[2] in roles:
            candidates = {assumed[2]: roles[assumed[2]]}
        else:
            return
        for name, key in sorted(candidates.items()):
            holds: bool | None = True
            if provider.condition is not None:
                role = f"arn:aws:sts::{account}:assumed-role/{name}"
                claims = {"attribute.aws_role": role, "assertion.account": account, "assertion.arn": f"{role}/"}
                holds = claimed(parse(provider.condition.expression or ""), claims)
            if holds is not False:
                yield Bearer(key, certain=holds is True)


def _claims_of(repository: str, mapping: Mapping[str, str]) -> dict[str, str]:
    """Give what a token of a repository's workflows claims, by the names that a condition has for it."""
    if not repository:
        return {}
    known = {"assertion.repository": repository, "assertion.repository_owner": repository.partition("/")[0]}
    return known | {name: known[text] for name, text in mapping.items() if text in known}
