"""The service accounts of one Google Cloud stack: which are as good as administrators, and who may become which.

Sources: IAM documentation, 'Roles for service account authentication' and 'Attach service accounts to resources'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from nhi_components.facts.chain.model import (
    Budget,
    Combination,
    Identity,
    Part,
    Power,
    Rewriting,
    Step,
    Unlinked,
)
from nhi_components.facts.chain.naming import called, logical_name
from nhi_components.facts.gcp.model import Binding, Scope
from nhi_components.facts.values import UNKNOWN

_ACCOUNT: Final = "gcp:serviceaccount/account:Account"
_LEVELS: Final = ("serviceaccount", "projects", "folder", "organizations")
_FORMS: Final = ("Member", "Binding", "Policy")
TYPES: Final = frozenset({_ACCOUNT, *(f"gcp:{level}/iAM{form}:IAM{form}" for level in _LEVELS for form in _FORMS)})
TERRAFORM: Final[Mapping[str, str]] = {"google_service_account": _ACCOUNT}

WHOLE: Final = frozenset({Scope.PROJECT, Scope.FOLDER, Scope.ORGANIZATION})
SETS_POLICY: Final = frozenset(
    f"resourcemanager.{level}.setIamPolicy" for level in ("projects", "folders", "organizations")
)
BECOMES: Final[Mapping[str, str]] = {
    "iam.serviceAccounts.getAccessToken": "make tokens of",
    "iam.serviceAccounts.signJwt": "sign as",
    "iam.serviceAccounts.signBlob": "sign as",
    "iam.serviceAccountKeys.create": "make a key of",
    "iam.serviceAccounts.setIamPolicy": "let itself into",
}
"""What on one service account makes the caller that account, alone."""
ACT_AS: Final = "iam.serviceAccounts.actAs"
RUNS_CODE: Final = frozenset(
    {
        "cloudbuild.builds.create",
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.update",
        "cloudscheduler.jobs.create",
        "composer.environments.create",
        "compute.instances.create",
        "compute.instances.setServiceAccount",
        "dataflow.jobs.create",
        "dataproc.clusters.create",
        "run.jobs.create",
        "run.services.create",
        "run.services.update",
        "workflows.workflows.create",
    }
)
"""What has a service run the caller's code as an account that it may act as."""


class _Grant(NamedTuple):
    """One identity is bound to a role.

    Attributes:
        holder: its key.
        binding: to what.
        place: where.
    """

    holder: str
    binding: Binding
    place: str


class GcpIdentities:
    """An `IdentitySystem` of Google Cloud.

    Args:
        parts: the resources of one stack.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        self.identities: dict[str, Identity] = {}
        self.unlinked: Sequence[Unlinked] = ()
        self._by_email: dict[str, str] = {}
        for part in parts:
            if part.resource.type == _ACCOUNT:
                self._add(part)
        self._on_all: dict[str, list[_Grant]] = {}
        self._on_account: dict[str, list[_Grant]] = {}
        for part in parts:
            for fact in part.facts:
                if isinstance(fact, Binding):
                    self._bind(part, fact)

    def powers(self, now: datetime) -> Mapping[str, Power]:
        """As `IdentitySystem.powers`; the rules about bindings tell each of them."""
        powers: dict[str, Power] = {}
        for key, grants in self._on_all.items():
            for grant in grants:
                how = _power(grant.binding)
                if how:
                    powers.setdefault(key, Power(f"{how} ({grant.binding.role})", grant.place))
        return powers

    def combinations(self, now: datetime) -> Iterable[Combination]:
        """As `IdentitySystem.combinations`; permission to act as accounts is told of each binding."""
        return ()

    def rewritings(self, now: datetime, budget: Budget) -> Iterable[Rewriting]:
        """As `IdentitySystem.rewritings`; who edits the policy of a project is administrator already."""
        return ()

    def into(self, key: str, now: datetime, among: Collection[str], budget: Budget) -> Iterator[Step]:
        """As `IdentitySystem.into`."""
        for grant in self._on_account.get(key, ()):
            if grant.holder in among and grant.holder != key and budget.spend():
                how = self._how(grant)
                if how:
                    yield Step(grant.holder, key, how, grant.binding.role, grant.place)

    def _how(self, grant: _Grant) -> str:
        alone = next((how for name, how in BECOMES.items() if name in grant.binding.permissions), "")
        if alone or ACT_AS not in grant.binding.permissions:
            return alone
        runs = any(not RUNS_CODE.isdisjoint(each.binding.permissions) for each in self._on_all.get(grant.holder, ()))
        return "run code as" if runs else ""

    def _add(self, part: Part) -> None:
        key, given = part.resource.name, {**part.inputs, **part.outputs}
        name, project, email = given.get("accountId"), given.get("project"), given.get("email")
        shown = name if isinstance(name, str) else logical_name(part.resource)
        self.identities[key] = Identity(key, shown, "service account", part.resource)
        if not isinstance(email, str) and isinstance(name, str) and isinstance(project, str):
            email = f"{name}@{project}.iam.gserviceaccount.com"
        if isinstance(email, str):
            self._by_email[email.lower()] = key

    def _bind(self, part: Part, binding: Binding) -> None:
        holders = [key for member in binding.members if (key := self._holder(part, member.text))]
        if any(part.inputs.get(name) is UNKNOWN for name in ("member", "members")) or _has_unknown(part):
            referenced = (*part.references.get("member", ()), *part.references.get("members", ()))
            holders += [key for key in referenced if key in self.identities]
        target = self._target(part) if binding.scope is Scope.SERVICE_ACCOUNT else ""
        for holder in dict.fromkeys(holders):
            grant = _Grant(holder, binding, f"{called(binding.resource)} {binding.role_path}")
            if target:
                self._on_account.setdefault(target, []).append(grant)
            elif binding.scope in WHOLE:
                self._on_all.setdefault(holder, []).append(grant)

    def _holder(self, part: Part, member: str) -> str:
        kind, _, name = member.partition(":")
        if kind.lower() != "serviceaccount":
            return ""
        key = self._by_email.get(name.lower())
        if key is None:
            key = f"outside:{name.lower()}"
            self.identities[key] = Identity(key, name, "service account", part.resource)
            self._by_email[name.lower()] = key
        return key

    def _target(self, part: Part) -> str:
        given = part.inputs.get("serviceAccountId")
        if isinstance(given, str):
            return self._by_email.get(given.rpartition("/")[2].lower(), "")
        return next((key for key in part.references.get("serviceAccountId", ()) if key in self.identities), "")


def _has_unknown(part: Part) -> bool:
    members = part.inputs.get("members")
    return isinstance(members, list) and UNKNOWN in members


def _power(binding: Binding) -> str:
    """Tell why a binding on a project or more makes an administrator; nothing when it does not, or for a time only."""
    if binding.condition is not None:
        return ""
    if binding.role.lower().removeprefix("roles/") in ("owner", "editor"):
        return f"is administrator of a {binding.scope}"
    if not SETS_POLICY.isdisjoint(binding.permissions):
        return f"edits the policy of a {binding.scope}"
    if not binding.permissions.isdisjoint(BECOMES):
        return f"may become any service account of a {binding.scope}"
    return ""


def system_of(parts: Iterable[Part]) -> GcpIdentities:
    """Make the identities of Google Cloud from the resources of one stack."""
    return GcpIdentities(parts)
