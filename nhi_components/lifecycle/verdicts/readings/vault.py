"""Vault: what policies give together, whose credentials they return, and who of other systems logs in.

Policies that somebody holds are one list of rules to Vault, of which the most specific decides; what many hold alike is
read once. Sources: as in `rules.vault.endpoints`; Vault HTTP API, 'AWS secrets engine', 'Azure secrets engine'.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.core.links import LinkKind, System
from nhi_components.core.vault_path import covers
from nhi_components.facts.aws.administration import administers
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Resource, Unjudged
from nhi_components.facts.vault.document import read_vault_policy
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.facts.vault.paths import names_everything, names_nearly_everything, precedence
from nhi_components.lifecycle.verdicts.readings.federation import Federation, Token
from nhi_components.lifecycle.verdicts.readings.found import Found, Known
from nhi_components.lifecycle.verdicts.readings.patterns import Texts
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows
from nhi_components.rules.vault.endpoints import WRITES, Power
from nhi_components.rules.vault.reach import enabled

_POLICIES: Final = "/sys/policies/acl/"
_ROOT: Final = "root"
_LOGIN: Final = "log in as"
_ALIAS: Final = "be taken for"
_MAKES: Final = frozenset({"create", "update", "sudo"})
_ISSUES: Final = frozenset({"read", "update", "create"})
_EVERY: Final = frozenset({"read", "update", "delete", "list"})
_DECISIVE: Final = frozenset({"sys/*", "auth/*", "identity/*"})
"""Denied all three, even `*` gives no policies, tokens and entities."""
_ENGINES: Final = ("creds", "sts", "issue", "sign")
_AWS_ENGINE: Final = "vault-aws-engine-role"
_AZURE_ENGINE: Final = "vault-azure-engine-role"
_NO_LIMITS: Final = frozenset(
    {"issuer", "bound_issuer", "bound_audiences", "audience", "bound_claims_type", "alias", "mount", "role_type"}
)
"""What of a login's condition whoever has the identity meets anyway."""
_REPOSITORY: Final = "bound_claims.repository"
_ASSUMED: Final = ":assumed-role/"


class _Endpoint(NamedTuple):
    """A path that returns or makes credentials of an identity."""

    target: str
    how: str
    capabilities: frozenset[str]


class _Server(NamedTuple):
    """One Vault, or a namespace of one."""

    endpoints: dict[str, _Endpoint]
    paths: Texts


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what the identities of all Vaults may do and become, and who logs in as them.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: takes whose tokens log in.
    """
    _Reader(found, rows).read(federation)


class _Reader:
    def __init__(self, found: Found, rows: Rows) -> None:
        self._found, self._rows = found, rows
        self._known = list(found.identities(System.VAULT))
        self._texts: dict[str, str] = {}
        self._engines: dict[str, Mapping[str, Any]] = {}
        for holder, kind, content in found.rows("documents", System.VAULT, "holder", "kind", "content"):
            if kind == DocumentKind.VAULT_POLICY:
                self._texts[holder] = content
            elif kind == DocumentKind.ROLE_DEFINITION:
                self._engines[holder] = json.loads(content)
        self._read_places = {holder.partition(_POLICIES)[0] for holder in self._texts}
        self._carried: dict[str, list[str]] = defaultdict(list)
        for identity, carrier in found.rows("carriers", System.VAULT, "identity", "carrier"):
            self._carried[identity].append(carrier)
        self._servers: dict[str, _Server] = {}

    def read(self, federation: Federation) -> None:
        alike: dict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
        for known in self._known:
            policies = frozenset(self._policies_of(known.key))
            if policies:
                alike[known.place, policies].append(known.key)
        for number, ((place, policies), keys) in enumerate(alike.items()):
            name = keys[0] if len(keys) == 1 else f"vault: what {len(keys)} hold alike, {number}"
            for key in keys if len(keys) > 1 else ():
                self._rows.name(key, name)
            self._tell(name, place, policies)
        for known in self._known:
            self._tell_engine(known)
        self._tell_logins(federation)

    def _policies_of(self, key: str) -> Iterator[str]:
        seen, waiting = {key}, [key]
        while waiting:
            for carrier in self._carried.get(waiting.pop(), ()):
                if carrier not in seen:
                    seen.add(carrier)
                    waiting.append(carrier)
                    if _POLICIES in carrier:
                        yield carrier

    def _tell(self, name: str, place: str, policies: Iterable[str]) -> None:
        rules: list[PathRule] = []
        for policy in sorted(policies):
            called = policy.partition(_POLICIES)[2]
            if called == _ROOT:
                self._rows.power(name, Degree.ADMINISTRATOR, "is administrator (the policy root)")
                return
            if policy in self._texts:
                for fact in read_vault_policy(Resource(called, "policy"), "policy", self._texts[policy]):
                    if isinstance(fact, VaultPolicyDocument):
                        rules += fact.rules
                    elif isinstance(fact, Unjudged):
                        how = f"holds what cannot be judged: {called} {fact.path}: {fact.got}"
                        self._rows.power(name, Degree.UNJUDGED, how)
            elif place not in self._read_places:
                self._rows.power(name, Degree.UNJUDGED, f"holds {called}, which was not read")
        document = VaultPolicyDocument(Resource(name, "policies"), "policies", tuple(rules))
        self._tell_power(name, document)
        self._tell_reach(name, place, document)

    def _tell_power(self, name: str, document: VaultPolicyDocument) -> None:
        denied = {rule.pattern for rule in document.rules if not rule.granted}
        for rule in document.granting:
            if names_everything(rule.pattern) and rule.granted & WRITES and not denied >= _DECISIVE:
                self._rows.power(name, Degree.ADMINISTRATOR, f"is administrator ({_written(rule)})")
                return
        for rule, what in enabled(document, Power.ESCALATION):
            self._rows.power(name, Degree.SELF_ESCALATING, f"{what} ({_written(rule)})")
            break
        for rule in document.granting:
            if rule.granted >= _EVERY and names_nearly_everything(rule.pattern):
                self._rows.power(name, Degree.WILDCARD, f"may do everything on a whole mount ({_written(rule)})")
                break

    def _tell_reach(self, name: str, place: str, document: VaultPolicyDocument) -> None:
        server = self._server(place)
        for rule in document.granting:
            for path in server.paths.matching(rule.pattern.replace("+", "*")):
                endpoint = server.endpoints[path]
                if covers(rule.pattern, path) and _granted(document, path) & endpoint.capabilities:
                    self._rows.step(name, endpoint.target, endpoint.how)

    def _server(self, place: str) -> _Server:
        if place not in self._servers:
            endpoints: dict[str, _Endpoint] = {}
            for known in self._known:
                if known.place == place:
                    endpoints |= _endpoints(known)
            self._servers[place] = _Server(endpoints, Texts(endpoints))
        return self._servers[place]

    def _tell_engine(self, known: Known) -> None:
        """Tell whose credentials a role of an engine issues."""
        fields = self._engines.get(known.key, {})
        if known.kind == _AWS_ENGINE:
            for arn in _listed(fields.get("role_arns")):
                self._rows.step(known.key, arn, "issue credentials of")
            if any(arn.endswith(":policy/AdministratorAccess") for arn in _listed(fields.get("policy_arns"))):
                self._rows.power(known.key, Degree.ADMINISTRATOR, "issues credentials with AdministratorAccess")
            if text := fields.get("policy_document"):
                for fact in read_policy(Resource(known.key, "document"), "policy", text, PolicyKind.IDENTITY):
                    if isinstance(fact, GrantDocument) and (found := administers(fact)):
                        self._rows.power(known.key, Degree.ADMINISTRATOR, f"issues credentials with {found[1]}")
        elif known.kind == _AZURE_ENGINE and fields.get("application_object_id"):
            self._rows.step(known.key, str(fields["application_object_id"]), "issue credentials of")

    def _tell_logins(self, federation: Federation) -> None:
        columns = ("source_key", "target", "how", "condition")
        own = {known.key for known in self._known}
        principals = _Principals(self._found)
        for source, target, how, condition in self._found.rows("steps", System.VAULT, *columns):
            limits: dict[str, Any] = json.loads(condition) if condition else {}
            certain = not limits.keys() - _NO_LIMITS
            if how == "alias":
                if source in own or "/role-id/" in source:
                    self._rows.step(source, target, _ALIAS)
            elif source in own or "/role-id/" in target:
                self._rows.step(source, target, _LOGIN)
            elif source == "*" and _REPOSITORY in limits:
                rest = limits.keys() - _NO_LIMITS - {_REPOSITORY}
                for repository in _listed(limits[_REPOSITORY]):
                    for key in federation.of_repositories(repository):
                        self._rows.step(key, target, _LOGIN, certain=not rest)
            else:
                for key in principals.named(source):
                    self._rows.step(key, target, _LOGIN, certain=certain)
                federation.admit(Token(str(limits.get("issuer", "")), (source,), certain), target, _LOGIN)


class _Principals:
    """Those of the clouds whom auth roles name.

    Args:
        found: the estate.
    """

    def __init__(self, found: Found) -> None:
        aws = [each.key for each in found.identities(System.AWS)]
        self._aws = Texts(aws)
        self._roles = {_role_of(key): key for key in aws}
        self._others = {each.key: each.key for each in found.identities(System.AZURE)}
        self._others |= {each.unique_id: each.key for each in found.identities(System.AZURE) if each.unique_id}
        for each in found.identities(System.GCP):
            self._others |= {each.name: each.key, each.unique_id: each.key, each.key: each.key}

    def named(self, source: str) -> Iterator[str]:
        """Yield those that a login's source names: an ARN, an address, an id."""
        if not source.startswith("arn:"):
            if source in self._others:
                yield self._others[source]
        elif _ASSUMED in source or source in self._aws or "*" not in source:
            key = source if source in self._aws else self._roles.get(_role_of(source))
            if key:
                yield key
        else:
            yield from (key for key in self._aws.matching(source) if glob_matches(source, key))


def _role_of(arn: str) -> tuple[str, str]:
    """Give account and name of a role or user, whatever its path; of a session those of its role."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "", arn
    kind, _, rest = parts[5].partition("/")
    if kind == "assumed-role":
        return parts[4], f"role/{rest.partition('/')[0]}"
    return parts[4], f"{kind}/{rest.rpartition('/')[2]}"


def _endpoints(known: Known) -> dict[str, _Endpoint]:
    """Give the paths of a Vault that return or make credentials of an identity."""
    path = known.key.removeprefix(f"{known.place}/")
    if known.kind == LinkKind.VAULT_APPROLE:
        return {f"{path}/secret-id": _Endpoint(known.key, "make a secret id of", _MAKES)}
    mount, engine, name = path.rpartition("/roles/")
    if engine and known.kind.endswith("-role") and not path.startswith("auth/"):
        return {f"{mount}/{verb}/{name}": _Endpoint(known.key, "get credentials of", _ISSUES) for verb in _ENGINES}
    mount, engine, name = path.rpartition("/static-roles/")
    if engine:
        return {f"{mount}/static-creds/{name}": _Endpoint(known.key, "get the password of", _ISSUES)}
    return {}


def _granted(document: VaultPolicyDocument, path: str) -> frozenset[str]:
    """Give what rules together permit on a path: the most specific pattern decides, and one deny of it is all."""
    matching = [rule for rule in document.rules if covers(rule.pattern, path)]
    decisive = max(matching, key=lambda rule: precedence(rule.pattern)).pattern
    deciding = [rule for rule in matching if rule.pattern == decisive]
    if any(rule.capabilities and not rule.granted for rule in deciding):
        return frozenset()
    return frozenset().union(*(rule.granted for rule in deciding))


def _written(rule: PathRule) -> str:
    return f"{', '.join(sorted(rule.granted))} on {rule.pattern}"


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [each.strip() for each in value.split(",") if each.strip()]
    return [str(each) for each in value or ()]
