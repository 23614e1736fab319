"""What Azure's activity log and Entra's audits say: which sections of discovery are stale, and who was used.

Records are those of the APIs, or lines that diagnostic settings export; of sign-ins, which only the latter have, uses
are told. Sources: Azure Monitor documentation, 'Azure activity log event schema'; Azure RBAC documentation, 'Azure
permissions' (operations by resource provider); Microsoft Graph reference, 'directoryAudit resource type'; Microsoft
Entra documentation, 'Audit activity reference', 'Access token claims reference' (`idtyp`).

A change of managed identities, authorization, management groups, resources or subscriptions, or of applications, roles
or groups of the directory, whose name is not known here makes everything stale. Other providers change far more than
who runs as what: of theirs only what writes or deletes a resource of a kind that discovery reads is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure.discovery_policy import CARRIERS
from nhi_components.lifecycle.events.ports import (
    EVERYTHING,
    NOTHING,
    Event,
    Told,
    Unreadable,
    Used,
    listed,
    required,
    text_in,
    time_in,
)

_ADMINISTRATIVE: Final = frozenset({"Administrative", "Write", "Delete", "Action"})
"""Categories of the activity log that hold calls; the latter three as storage accounts had them before."""
_AUDITS: Final = "AuditLogs"
_SIGN_INS: Final = frozenset({"ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"})

_NONE: Final[tuple[str, ...]] = ()
_WHOLE: Final = ("whole",)
"""All of a subscription."""
_ASSIGNMENTS, _GROUPS, _LISTS = "assignments", "management-groups", "subscriptions"
_OBJECT_ID: Final = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {each.removesuffix("/read").casefold(): each.removesuffix("/read") for each in CARRIERS}
)
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)")
_GROUP: Final = re.compile(r"/providers/microsoft\.management/managementgroups/([^/]+)")
_IDENTITY: Final = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/userassignedidentities/[^/]+")

_Table = tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]


def _table(*rows: tuple[str, tuple[str, ...]]) -> _Table:
    return tuple((re.compile(pattern), parts) for pattern, parts in rows)


_OF_PROVIDERS: Final[Mapping[str, _Table]] = MappingProxyType(
    {
        "microsoft.managedidentity": _table(
            ("userassignedidentities/write", ("identities",)),
            ("userassignedidentities/delete", ("identities", "federation", _ASSIGNMENTS)),
            (r"(userassignedidentities/)?federatedidentitycredentials/(write|delete)", ("federation",)),
            (r"userassignedidentities/(assign|revoketokens|listassociatedresources)/action", _NONE),
            # Those that belong to one resource are told by Entra, as service principals.
            (r"identities/\w+|(un)?register/action", _NONE),
        ),
        "microsoft.authorization": _table(
            (r"roleassignments/(write|delete)|elevateaccess/action", (_ASSIGNMENTS,)),
            (r"roleassignmentschedule(request)?s/(write|delete|cancel/action|validate/action)", (_ASSIGNMENTS,)),
            (r"roledefinitions/(write|delete)", ("custom-roles",)),
            (r"(policies|policy\w+|locks|classicadministrators|denyassignments|diagnosticsettings)/.+", _NONE),
            (r"(roleeligibility\w+|rolemanagement\w+|roleassignmentapprovals|accessreview\w+)/.+", _NONE),
            (r"(privatelinkassociations|resourcemanagementprivatelinks|operationstatus)/.+", _NONE),
            (r"checkaccess/action|(un)?register/action", _NONE),
        ),
        "microsoft.management": _table(
            (r"managementgroups/(write|delete)", (_GROUPS,)),
            # Which custom roles can be assigned in a subscription depends on what it is in.
            (r"managementgroups/subscriptions/(write|delete)", (_GROUPS, _LISTS, "custom-roles")),
            (r"managementgroups/settings/(write|delete)|\w+/action", _NONE),
        ),
        "microsoft.resources": _table(
            (r"subscriptions/resourcegroups/delete", _WHOLE),
            # It may lead to another subscription.
            (r"(subscriptions/resourcegroups/)?moveresources/action", EVERYTHING),
            (r"tags/(write|delete)|subscriptions/tagnames/.+", ("identities",)),
            (r"subscriptions/resourcegroups/(write|validatemoveresources/action|exporttemplate/action)", _NONE),
            (r"(subscriptions/(resourcegroups/)?)?(deployments|deploymentstacks|deploymentscripts)/.+", _NONE),
            (r"(templatespecs|links|changes|databoundaries|mobobrokers|marketplace|providers)/.+", _NONE),
            (r"(subscriptions/providers/)?(un)?register/action|(check|calculate|validate)\w+/action", _NONE),
        ),
        "microsoft.subscription": _table((r".+", (_LISTS,))),
    }
)
"""Operations of each provider, in small letters, by the parts of discovery that they make stale."""

_APPLICATION: Final = ("directory/applications", "directory/application-owners", "directory/application-federation")
_PRINCIPAL: Final = (
    *("directory/service-principals", "directory/service-principal-owners", "directory/memberships"),
    *("directory/app-roles", "directory/roles"),
)
_HELD: Final = ("directory/roles",)
_MEMBERS: Final = ("directory/memberships",)

_OF_DIRECTORY: Final[Mapping[str, _Table]] = MappingProxyType(
    {
        "ApplicationManagement": _table(
            (r"(add|delete|restore|hard delete) application", _APPLICATION),
            (r"(create|update) application ?- ?certificates and secrets management", ("directory/applications",)),
            (r"update application", ("directory/applications", "directory/application-federation")),
            (r"\w+ federated identity credentials?.*", ("directory/application-federation",)),
            (r"(add|remove) owner (to|from) application", ("directory/application-owners",)),
            (r"(add|remove|delete|restore|hard delete) service principal", _PRINCIPAL),
            (r"(add|remove|update) service principal credentials?", ("directory/service-principals",)),
            (r"(update|enable|disable) service principal", ("directory/service-principals", "directory/app-roles")),
            (r"(add|remove) owner (to|from) service principal", ("directory/service-principal-owners",)),
            (
                r"(add|update|remove) app role assignment (to|from) service principal|consent to application",
                ("directory/app-roles",),
            ),
            (r"update external secrets", ("directory/applications", "directory/service-principals")),
            (r"add app role assignment grant to user|\w+ app role assignment (to|from) (user|group)", _NONE),
            (r"(add|update|remove) delegated permission grant|revoke consent|.*consent request.*", _NONE),
            (r"\w+ policy( (to|from) (application|service principal))?", _NONE),
            (r"(set|unset|update) verified publisher", _NONE),
        ),
        "RoleManagement": _table(
            (r".*\bmember\b.*\brole\b.*|.*\brole assignments?\b.*", _HELD),
            (r"(add|update|delete|remove) role( definition)?|add role from template", (*_HELD, "directory-role/*")),
            (r".*\brole settings?\b.*|.*\bpim (policy|alert|settings?)\b.*", _NONE),
        ),
        "GroupManagement": _table(
            (r"(add|remove) member (to|from) group|.*bulk.*members.*", _MEMBERS),
            (r"(delete|hard delete|restore) group", (*_MEMBERS, *_HELD)),
            (r"(add|create|update) group|(add|remove) owner (to|from) group|.*\b(license|licensing)\b.*", _NONE),
            (r".*\b(group settings?|lifecycle policy|expiration|app role assignment)\b.*|renew group", _NONE),
        ),
        "UserManagement": _table(
            (
                r"(delete|hard delete|restore) user",
                ("directory/application-owners", "directory/service-principal-owners"),
            ),
            # Far more than who owns applications is changed of people.
            (r".*", _NONE),
        ),
        "AzureRBACRoleManagementElevateAccess": _table((r".*", ("group-assignments/*",))),
    }
)
"""Activities of the directory, in small letters, by category and by the sections that they make stale; those of other
categories make none."""
_OF_MEMBERS: Final = re.compile(r".*\bmember\b.*")
_PERSON: Final = "User"
_PRINCIPALS: Final = frozenset({"Application", "ServicePrincipal"})


def told(record: Mapping[str, Any], place: str = "") -> Told:
    """Tell what a record of the activity log, of Entra's audits or of its sign-ins says.

    Args:
        record: an EventData, a directoryAudit, or a line of an exported log.
        place: the tenant, as discovery calls it; empty for the one that the record names.

    Raises:
        Unreadable: it is none.
    """
    if "activityDisplayName" in record:
        return _of_directory(record, place)
    category = text_in(record, "category") or required(record, "category", "value")
    where = place or text_in(record, "tenantId")
    if category in _ADMINISTRATIVE:
        return _of_activity(record, where)
    if category not in (_AUDITS, *_SIGN_INS):
        return NOTHING
    properties = record.get("properties")
    if not isinstance(properties, Mapping):
        raise Unreadable("properties: no object, expected an audit or a sign-in")
    return _of_directory(properties, where) if category == _AUDITS else Told(uses=tuple(_signed_in(properties)))


def sections_of(operation: str, resource: str) -> tuple[str, ...]:
    """Tell which sections a call of Azure Resource Manager makes stale; everything for an unknown one that matters.

    Args:
        operation: such as `Microsoft.Authorization/roleAssignments/write`, in any case of letters.
        resource: the id of what it was called on.
    """
    provider, _, call = operation.casefold().partition("/")
    if (table := _OF_PROVIDERS.get(provider)) is not None:
        parts = next((parts for pattern, parts in table if pattern.fullmatch(call)), None)
        if parts is None or parts == EVERYTHING:
            return EVERYTHING
        return tuple(section for part in parts for section in _placed(part, resource.casefold()))
    kind, _, verb = operation.casefold().rpartition("/")
    subscription = _first(_SUBSCRIPTION, resource.casefold()) or "*"
    runs = (f"carriers/{subscription}/{_KINDS[kind]}",) if kind in _KINDS and verb in ("write", "delete") else ()
    # What was assigned at a resource goes with it.
    return (*runs, f"{_ASSIGNMENTS}/{subscription}") if verb == "delete" else runs


def of_activity(category: str, name: str) -> tuple[str, ...]:
    """Tell which sections an activity of the directory makes stale; everything for an unknown one that matters.

    Args:
        category: such as `ApplicationManagement`.
        name: such as `Add service principal`.
    """
    # Some names have a dash of another kind, or a space at their end.
    plain = " ".join(name.replace("\N{EN DASH}", "-").casefold().split())
    table = _OF_DIRECTORY.get(category, ())
    found = next((sections for pattern, sections in table if pattern.fullmatch(plain)), None)
    return (EVERYTHING if table else _NONE) if found is None else found


def _of_activity(record: Mapping[str, Any], place: str) -> Told:
    """Read a call: with the fields of the API, or those of an exported line."""
    is_exported = "eventTimestamp" not in record
    at = time_in(record, "time" if is_exported else "eventTimestamp")
    operation = text_in(record, "operationName") or required(record, "operationName", "value")
    result = (text_in(record, "resultType") or text_in(record, "status", "value")).casefold()
    resource = text_in(record, "resourceId") or text_in(record, "authorization", "scope")
    if not resource and (subscription := text_in(record, "subscriptionId")):
        resource = f"/subscriptions/{subscription}"
    if result.startswith("start"):
        return NOTHING
    sections = sections_of(operation, resource)
    has_failed = result.startswith("fail")
    if has_failed:
        # Of what is deployed something may be there although the whole has failed; else nothing has changed.
        sections = tuple(each for each in sections if each.startswith("carriers/"))
    uses = () if has_failed else tuple(_called(record, at))
    if not sections:
        return Told(uses=uses)
    # An exported line has no id of its own.
    correlation, exact = text_in(record, "correlationId"), text_in(record, "time")
    itself = f"{correlation} {exact} {operation} {resource} {result}" if is_exported else ""
    about = tuple(found[0] for found in [_IDENTITY.match(resource.casefold())] if found)
    event = Event(
        System.AZURE,
        place,
        itself or required(record, "eventDataId"),
        at,
        operation,
        sections,
        (_LISTS, _GROUPS),
        about=about,
    )
    return Told((event,), uses)


def _placed(part: str, resource: str) -> Iterator[str]:
    """Yield the sections of a part of discovery, of where a resource is."""
    subscription, group = _first(_SUBSCRIPTION, resource), _first(_GROUP, resource)
    match part:
        case "management-groups" | "subscriptions":
            yield part
        case "custom-roles":
            # Each opens the roles themselves, and a role may be assignable in several subscriptions.
            yield "custom-roles/*"
        case "assignments" if not subscription:
            yield f"group-assignments/{group or '*'}"
        case "whole":
            yield f"*/{subscription or '*'}"
            yield f"*/{subscription or '*'}/*"
        case _:
            yield f"{part}/{subscription or '*'}"


def _of_directory(audit: Mapping[str, Any], place: str) -> Told:
    name, at = required(audit, "activityDisplayName"), time_in(audit, "activityDateTime")
    if text_in(audit, "result").casefold() == "failure":
        return NOTHING
    caller = text_in(audit, "initiatedBy", "app", "servicePrincipalId")
    uses = (Used(System.AZURE, caller, at, caller),) if caller else ()
    targets = [each for each in listed(audit.get("targetResources")) if isinstance(each, Mapping)]
    kinds = {text_in(each, "type") for each in targets}
    sections = of_activity(text_in(audit, "category"), name)
    # What people are members of is not read.
    if not sections or (_OF_MEMBERS.fullmatch(name.casefold()) and _PERSON in kinds and not kinds & _PRINCIPALS):
        return Told(uses=uses)
    about = (text_in(each, "id") for each in targets if text_in(each, "type") in _PRINCIPALS)
    event = Event(
        System.AZURE, place, required(audit, "id"), at, name.strip(), sections, about=tuple(filter(None, about))
    )
    return Told((event,), uses)


def _called(record: Mapping[str, Any], at: datetime) -> Iterator[Used]:
    """Yield the application or managed identity that has called; the claims are those of its token."""
    claims = record.get("claims") or (record.get("identity") or {}).get("claims")
    if not isinstance(claims, Mapping) or text_in(claims, "idtyp") != "app":
        return
    who, managed = text_in(claims, _OBJECT_ID), text_in(claims, "xms_mirid").casefold()
    if who:
        yield Used(System.AZURE, managed if _IDENTITY.fullmatch(managed) else who, at, who)


def _signed_in(properties: Mapping[str, Any]) -> Iterator[Used]:
    status = properties.get("status")
    failed = isinstance(status, Mapping) and status.get("errorCode")
    if (who := text_in(properties, "servicePrincipalId")) and not failed:
        at = time_in(properties, "createdDateTime")
        yield Used(System.AZURE, who, at, who, text_in(properties, "servicePrincipalCredentialKeyId"))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found[1] if found else ""
