"""What links on Azure rest on and that no lease owns: asked for before anything is created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from nhi_components.core.azure_grounds import assignments_noted, vault_of_scope, vaults_noted
from nhi_components.core.azure_links import LOCATION, VAULT_ID
from nhi_components.core.credential.sources import SPEC
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.azure.arm import GROUPS, PROVIDERS, SUBSCRIPTIONS, VAULTS, Arm
from nhi_components.lifecycle.adapters.azure.known_principals import KINDS
from nhi_components.lifecycle.adapters.azure.names import group_of, scope_of, subscription_of
from nhi_components.lifecycle.adapters.azure.names_taken import is_own, reserved
from nhi_components.lifecycle.adapters.azure.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.azure.search import VAULT_TYPE
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.subscriptions import READ

_NAMESPACE = "Microsoft.ManagedIdentity"
_TYPE = "userassignedidentities"
_READ_ONLY = ("Disabled", "PastDue", "Warned", "Deleted")
"""States of a subscription in which nothing can be made. Source: Azure, 'Azure subscription states'."""


def require(session: AzureSession, links: Sequence[Link]) -> None:
    """Refuse links whose subscription, region, resource group or vault is not there, or not usable.

    Raises:
        SpecError: with every problem.
        SystemUnreachable: a subscription can't be seen, or the connection may not look.
    """
    own = [link for link in links if SPEC not in link.attributes]
    identities = [link for link in own if link.kind is LinkKind.AZURE_MANAGED_IDENTITY]
    problems = [
        *_subscriptions(session, identities, [link for link in own if link.kind in KINDS]),
        *_groups(session, identities),
        *_vaults(session, [link for link in own if link.kind is LinkKind.KEY_VAULT_SECRET]),
        *_granted_on(session, own),
    ]
    if problems:
        raise SpecError("what the identity rests on", problems)


def refuse_access_policies(session: AzureSession, links: Sequence[Link]) -> None:
    """Refuse roles on what is in a vault that heeds none; the vault of the bundle's own secret was judged before.

    Raises:
        SpecError: with every such vault.
    """
    judged = {link.attributes.get(VAULT_ID, "").lower() for link in links}
    scopes = (scope_of(link.name) for link in links if link.kind is LinkKind.AZURE_ROLE_ASSIGNMENT)
    # A role on the vault itself may be one on the resource, which counts in any case.
    vaults = {vault.lower(): vault for scope in scopes if (vault := vault_of_scope(scope)) and vault != scope}
    if problems := list(_by_policies(session, [vaults[each] for each in vaults.keys() - judged])):
        raise SpecError("what is granted", problems)


def _subscriptions(session: AzureSession, identities: Sequence[Link], principals: Sequence[Link]) -> Iterator[Problem]:
    """Judge the subscriptions that identities lie in, and those in which principals will be assigned roles."""
    arm = Arm(session)
    lain_in = list(dict.fromkeys(filter(None, (subscription_of(link.name) for link in identities))))
    assigned_in = (each for link in principals for each in assignments_noted(link.attributes) or ())
    for subscription in dict.fromkeys([*lain_in, *assigned_in]):
        where = f"azure.{session.name}: subscription {subscription}"
        state = arm.ask("GET", f"/subscriptions/{subscription}", SUBSCRIPTIONS, needs=READ).body.get("state")
        if state in _READ_ONLY:
            fix = "enable it again, under Subscriptions in the Azure portal, or name another"
            yield Problem(where, f"{state}: nothing can be made in it", "one that is enabled", fix)
        if subscription not in lain_in:
            continue
        path = f"/subscriptions/{subscription}/providers/{_NAMESPACE}"
        told = arm.ask("GET", path, PROVIDERS, needs=f"{READ} and Microsoft.Resources/subscriptions/providers/read")
        if told.body.get("registrationState") not in ("Registered", "Registering"):
            fix = f"run `az provider register --namespace {_NAMESPACE} --subscription {subscription} --wait`"
            yield Problem(where, f"not registered for {_NAMESPACE}", "its registration", fix)
        here = [link for link in identities if subscription_of(link.name) == subscription]
        yield from _regions(where, here, _offered(told.body))


def _regions(where: str, identities: Sequence[Link], offered: frozenset[str]) -> Iterator[Problem]:
    """Find regions that Azure has no managed identities in; what it tells no regions of is not judged."""
    for region in dict.fromkeys(filter(None, (link.attributes.get(LOCATION, "") for link in identities))):
        if offered and region not in offered:
            near = get_close_matches(region, sorted(offered), n=1)
            meant = f"name another, such as {near[0]}" if near else "leave it out, for the resource group's"
            fix = f"{meant}; `az account list-locations` shows all"
            yield Problem(where, f"location {region}", f"a region that {_NAMESPACE} is offered in", fix)


def _offered(provider: Mapping[str, Any]) -> frozenset[str]:
    """The regions of managed identities by their short names. Source: REST reference `Providers - Get`."""
    types = (each for each in provider.get("resourceTypes") or () if each["resourceType"].lower() == _TYPE)
    return frozenset(region.replace(" ", "").lower() for each in types for region in each.get("locations") or ())


def _groups(session: AzureSession, identities: Sequence[Link]) -> Iterator[Problem]:
    for group in dict.fromkeys(filter(None, (group_of(link.name) for link in identities))):
        needs = "Microsoft.Resources/subscriptions/resourceGroups/read"
        if Arm(session).look(group, GROUPS, needs=needs) is None:
            fix = "make it with `az group create`, or correct its name; where the program makes it, let it come first"
            yield Problem(f"azure.{session.name}: {group}", "no such resource group", "one that is there", fix)


def _vaults(session: AzureSession, secrets: Sequence[Link]) -> Iterator[Problem]:
    for vault_id in dict.fromkeys(filter(None, (link.attributes.get(VAULT_ID, "") for link in secrets))):
        where = f"azure.{session.name}: {vault_id}"
        found = Arm(session).look(vault_id, VAULTS, needs=f"{VAULT_TYPE}/read")
        if found is None:
            fix = "make it, recover it with `az keyvault recover` if it was deleted, or correct its id"
            yield Problem(where, "no such vault", "one that is there", fix)
        elif _goes_by_policies(found.body):
            yield _policies_problem(where)
        else:
            yield from _reserved(session, [link for link in secrets if link.attributes.get(VAULT_ID) == vault_id])


def _granted_on(session: AzureSession, links: Sequence[Link]) -> Iterator[Problem]:
    """Judge the vaults that grants name and that are there by now."""
    judged = {link.attributes.get(VAULT_ID, "").lower() for link in links}
    noted = {each.lower(): each for link in links for each in vaults_noted(link.attributes)}
    return _by_policies(session, [vault for key, vault in noted.items() if key not in judged])


def _by_policies(session: AzureSession, vaults: Iterable[str]) -> Iterator[Problem]:
    """Find vaults that heed no role; one that is not there may be made by the program."""
    for vault in vaults:
        found = Arm(session).look(vault, VAULTS, needs=f"{VAULT_TYPE}/read")
        if found is not None and _goes_by_policies(found.body):
            yield _policies_problem(f"azure.{session.name}: {vault}")


def _goes_by_policies(vault: Mapping[str, Any]) -> bool:
    return not vault["properties"].get("enableRbacAuthorization")


def _policies_problem(where: str) -> Problem:
    fix = "run `az keyvault update --enable-rbac-authorization true`, or name another vault"
    return Problem(where, "a vault that goes by access policies", "one that goes by roles", fix)


def _reserved(session: AzureSession, secrets: Sequence[Link]) -> Iterator[Problem]:
    """Find names that another's deleted secret has still: one of the lease's own is recovered."""
    for link in secrets:
        found = OwnSecrets(session).find(link)
        if found and found.deleted and not is_own(link, found.lease):
            yield reserved(session, link, found.deleted)
