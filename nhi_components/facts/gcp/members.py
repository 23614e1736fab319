"""What the members of a binding stand for.

Sources: IAM documentation, 'Principal identifiers' and 'Default service accounts'; 'Service agents'.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_PUBLIC = frozenset({"*", "allusers", "allauthenticatedusers", "principalset://goog/public:all"})
_KINDS = frozenset(
    {"user", "serviceaccount", "group", "domain", "projectowner", "projecteditor", "projectviewer", "deleted"}
)
_DEFAULT_ACCOUNTS = (
    ("-compute@developer.gserviceaccount.com", "the default account of Compute Engine"),
    ("@appspot.gserviceaccount.com", "the default account of App Engine"),
    ("@cloudservices.gserviceaccount.com", "the account of Google's own deployments in a project"),
    ("@cloudbuild.gserviceaccount.com", "the default account of Cloud Build"),
)
_SERVICE_AGENT = re.compile(
    r"service-(?:org-|folder-)?\d+@(?:gcp-sa-[a-z0-9-]+|[a-z0-9-]+-robot(?:-prod)?|[a-z]+-system"
    r"|dataflow-service-producer-prod|cloudcomposer-accounts)\.iam\.gserviceaccount\.com"
)
_FEDERATED = re.compile(
    r"principal(?P<all>set)?://iam\.googleapis\.com/(?:projects/[^/]+/)?locations/[^/]+/"
    r"(?:workloadidentitypools|workforcepools)/(?P<pool>[^/]+)/(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_OF_AN_ORGANISATION = re.compile(
    r"principalset://(?:cloudresourcemanager\.googleapis\.com/(?:projects|folders|organizations)/"
    r"|goog/cloudidentitycustomerid/|iam\.googleapis\.com/(?:projects|folders|organizations)/[^/]+/type/)",
    re.IGNORECASE,
)
_ACCOUNTS = ".iam.gserviceaccount.com"
_CONSUMERS = ("@gmail.com", "@googlemail.com")


class Kind(StrEnum):
    """What a member stands for."""

    NAMED = "named"
    PUBLIC = "public"
    ORGANISATION = "organisation"
    CONSUMER = "consumer"
    FEDERATED = "federated"
    DEFAULT_ACCOUNT = "default account"
    SERVICE_AGENT = "service agent"
    UNKNOWN = "unknown"


class Member(NamedTuple):
    """What a member stands for.

    Attributes:
        kind: whom it stands for.
        detail: for a default account, which; for federated ones, what follows the pool's name, such as
            `attribute.repository/orders/app`, or `*` for the whole pool.
    """

    kind: Kind
    detail: str = ""


@lru_cache(65_536)
def classify(text: str) -> Member:
    """Tell what a member stands for."""
    folded = text.lower()
    if folded in _PUBLIC:
        return Member(Kind.PUBLIC)
    if folded.startswith("principal"):
        return _principal(text, folded)
    kind, colon, name = folded.partition(":")
    if not colon or kind not in _KINDS or not name.strip("* "):
        return Member(Kind.UNKNOWN)
    if kind == "deleted":
        return Member(Kind.NAMED)
    if kind == "domain":
        return Member(Kind.ORGANISATION)
    if kind == "user" and name.endswith(_CONSUMERS):
        return Member(Kind.CONSUMER)
    return _service_account(name) if kind == "serviceaccount" else Member(Kind.NAMED)


def default_account(email: str) -> str:
    """Tell which default service account an address is; empty when it is none."""
    folded = email.lower()
    return next((what for suffix, what in _DEFAULT_ACCOUNTS if folded.endswith(suffix)), "")


def project_of(member: str) -> str:
    """Give the project of a service account of somebody's own; empty for any other member."""
    kind, _, email = member.partition(":")
    if kind != "serviceAccount" or classify(member).kind is not Kind.NAMED:
        return ""
    domain = email.rpartition("@")[2]
    return domain.removesuffix(_ACCOUNTS) if domain.endswith(_ACCOUNTS) else ""


def _principal(text: str, folded: str) -> Member:
    federated = _FEDERATED.fullmatch(text)
    if federated is not None:
        return Member(Kind.FEDERATED, federated["rest"])
    if _OF_AN_ORGANISATION.match(text):
        return Member(Kind.ORGANISATION)
    known = folded.startswith(("principal://", "principalset://")) and not folded.endswith("://")
    return Member(Kind.NAMED if known else Kind.UNKNOWN)


def _service_account(email: str) -> Member:
    if ".svc.id.goog[" in email:
        return Member(Kind.FEDERATED, "*" if "*" in email else email.partition("[")[2].rstrip("]"))
    if what := default_account(email):
        return Member(Kind.DEFAULT_ACCOUNT, what)
    return Member(Kind.SERVICE_AGENT if _SERVICE_AGENT.fullmatch(email) else Kind.NAMED)
