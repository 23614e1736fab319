"""What records of CloudTrail say: which sections of discovery are stale, and who was used.

Sources: CloudTrail user guide, 'CloudTrail record contents' and 'CloudTrail userIdentity element'; the action lists of
the IAM and Lambda API references. A call that failed has changed nothing, and counts as no use. A change that IAM or
Lambda gives a name that is not known here makes everything stale; EC2 changes far more than who runs as what, so that
there only what EC2 itself tells of the region is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import (
    EVERYTHING,
    NOTHING,
    Event,
    Told,
    Unreadable,
    Used,
    required,
    text_in,
    time_in,
)

SERVICES: Final = ("iam", "sts", "lambda", "ec2", "account")
"""The services whose records matter, as in `iam.amazonaws.com`."""

_READS: Final = ("Get", "List", "Describe", "Simulate")
"""How calls begin that change nothing, for records that do not say `readOnly`, as those before version 1.01 do not."""
_VERSION: Final = re.compile(r"\d{8}(v\d+)?$")
"""What Lambda puts behind the names of calls: the version of its API."""

_ROLES, _USERS, _GROUPS, _POLICIES, _KEYS = "iam/roles", "iam/users", "iam/groups", "iam/policies", "iam/access-keys"
_NONE: Final[tuple[str, ...]] = ()
_ATTACHING: Final = r"(Attach|Detach)"
_BOUNDARY: Final = r"(Put|Delete)"

_OF_IAM: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern), sections)
    for pattern, sections in (
        # A managed policy is told only while somebody has it.
        (rf"{_ATTACHING}RolePolicy|{_BOUNDARY}RolePermissionsBoundary", (_ROLES, _POLICIES)),
        (rf"{_ATTACHING}UserPolicy|{_BOUNDARY}UserPermissionsBoundary", (_USERS, _POLICIES)),
        (rf"{_ATTACHING}GroupPolicy", (_GROUPS, _POLICIES)),
        (r"(Create|Delete)(ServiceLinkedRole|InstanceProfile)|(Add|Remove)Role(To|From)InstanceProfile", (_ROLES,)),
        (r"(Create|Delete|Update|Tag|Untag)Role|UpdateRoleDescription|UpdateAssumeRolePolicy", (_ROLES,)),
        (r"(Put|Delete)RolePolicy", (_ROLES,)),
        (r"(Create|Delete|Update)User", (_USERS, _KEYS)),
        (r"(Put|Delete)UserPolicy|(Tag|Untag)User|(Add|Remove)User(To|From)Group", (_USERS,)),
        (r"(Create|Delete)Group|(Put|Delete)GroupPolicy", (_GROUPS,)),
        (r"UpdateGroup", (_GROUPS, _USERS)),
        (r"(Create|Delete)Policy(Version)?|SetDefaultPolicyVersion|(Tag|Untag)Policy", (_POLICIES,)),
        (r"(Create|Delete|Update)(AccessKey|LoginProfile)|ChangePassword", (_KEYS,)),
        (r"Generate(CredentialReport|ServiceLastAccessedDetails|OrganizationsAccessReport)", _NONE),
        (r"(Create|Delete)AccountAlias|(Update|Delete)AccountPasswordPolicy|SetSecurityTokenServicePreferences", _NONE),
        (r"(Create|Delete|Enable|Deactivate|Resync|Tag|Untag)(Virtual)?MFADevice", _NONE),
        (r"(Upload|Update|Delete|Tag|Untag)(SSHPublicKey|SigningCertificate|ServerCertificate)", _NONE),
        (r"(Create|Update|Delete|Reset)ServiceSpecificCredential", _NONE),
        (r"(Create|Update|Delete|Tag|Untag)(SAML|OpenIDConnect)Provider(Thumbprint)?", _NONE),
        (r"(Add|Remove)ClientID(To|From)OpenIDConnectProvider", _NONE),
    )
)
"""Calls of IAM, by the sections that they make stale; the last ones change nothing that discovery reads."""
_OF_LAMBDA: Final[Mapping[str, bool]] = MappingProxyType(
    dict.fromkeys(("CreateFunction", "DeleteFunction", "UpdateFunctionConfiguration"), True)
    | dict.fromkeys(
        (
            *("UpdateFunctionCode", "PublishVersion", "CreateAlias", "UpdateAlias", "DeleteAlias", "Invoke"),
            *("AddPermission", "RemovePermission", "TagResource", "UntagResource", "PutFunctionConcurrency"),
            *("CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping"),
            *("DeleteFunctionConcurrency", "PublishLayerVersion", "DeleteLayerVersion", "InvokeAsync"),
        ),
        False,
    )
)
"""Calls of Lambda; whether they change which functions there are and what they run as."""


def told(record: Mapping[str, Any], _: str = "") -> Told:
    """Tell what a record of CloudTrail says; it tells itself of which account it is.

    Raises:
        Unreadable: it is none.
    """
    service = required(record, "eventSource").removesuffix(".amazonaws.com")
    name, at = required(record, "eventName"), time_in(record, "eventTime")
    if text_in(record, "errorCode"):
        return NOTHING
    uses = tuple(_uses(record))
    if service not in SERVICES or _only_reads(record, name):
        return Told(uses=uses)
    region = text_in(record, "awsRegion")
    sections = sections_of(service, name, region)
    account = text_in(record, "recipientAccountId") or text_in(record, "userIdentity", "accountId")
    if not account:
        raise Unreadable("recipientAccountId: no text, expected the id of an account")
    if not sections:
        return Told(uses=uses)
    otherwise = ("ec2/regions",) if service in ("lambda", "ec2") else ()
    about = tuple(_about(record, account)) if service == "iam" else ()
    event = Event(
        System.AWS, account, required(record, "eventID"), at, f"{service}:{name}", sections, otherwise, about=about
    )
    return Told((event,), uses)


def of_bridge(event: Mapping[str, Any]) -> Told:
    """Tell what an event of EventBridge says, of the type `AWS API Call via CloudTrail`.

    Raises:
        Unreadable: it is none.
    """
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise Unreadable("detail: no object, expected a record of CloudTrail")
    return told({"recipientAccountId": text_in(event, "account"), **detail})


def sections_of(service: str, name: str, region: str) -> tuple[str, ...]:
    """Tell which sections a call that changes something makes stale; everything for one that is not known.

    Args:
        service: one of `SERVICES`.
        name: of the call.
        region: where it was made.
    """
    match service:
        case "iam":
            return next((sections for pattern, sections in _OF_IAM if pattern.fullmatch(name)), EVERYTHING)
        case "sts":
            return ()
        case "lambda":
            matters = _OF_LAMBDA.get(_VERSION.sub("", name))
            return EVERYTHING if matters is None else (f"lambda/{region}",) if matters else ()
        case "ec2":
            return (f"ec2/instances/{region}",)
        case "account":
            return ("ec2/regions",) if name in ("EnableRegion", "DisableRegion") else ()
        case _:
            return EVERYTHING


def _only_reads(record: Mapping[str, Any], name: str) -> bool:
    said = record.get("readOnly")
    return str(said).lower() == "true" if said is not None else name.startswith(_READS)


def _uses(record: Mapping[str, Any]) -> Iterator[Used]:
    """Yield the user or the role that has called, and the role that was assumed."""
    at, who = time_in(record, "eventTime"), record.get("userIdentity")
    caller = who if isinstance(who, Mapping) else {}
    match text_in(caller, "type"):
        case "IAMUser" if arn := text_in(caller, "arn"):
            yield Used(System.AWS, arn, at, text_in(caller, "principalId"), text_in(caller, "accessKeyId"))
        case "AssumedRole" if arn := text_in(caller, "sessionContext", "sessionIssuer", "arn"):
            yield Used(System.AWS, arn, at, text_in(caller, "sessionContext", "sessionIssuer", "principalId"))
        case _:
            pass
    if required(record, "eventName").startswith("AssumeRole") and (
        arn := text_in(record, "requestParameters", "roleArn")
    ):
        assumed = text_in(record, "responseElements", "assumedRoleUser", "assumedRoleId")
        yield Used(System.AWS, arn, at, assumed.partition(":")[0])


def _about(record: Mapping[str, Any], account: str) -> Iterator[str]:
    """Yield the keys of whom a call names; one with a path only where the answer tells it."""
    for kind in ("role", "user"):
        if arn := text_in(record, "responseElements", kind, "arn"):
            yield arn
        elif name := text_in(record, "requestParameters", f"{kind}Name"):
            yield f"arn:aws:iam::{account}:{kind}/{name}"
