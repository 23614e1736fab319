"""What the names of Google Cloud tell: the project of an account, the address of a member, a resource of its asset."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACCOUNT_HOST = ".iam.gserviceaccount.com"
_DELETED = re.compile(r"deleted:serviceAccount:(?P<email>[^?]+)\?uid=(?P<uid>\d+)")
_ASSET = re.compile(r"//(?P<host>[^/]+)/(?P<path>.+)")
_PROJECT = re.compile(r"projects/[^/]+")


@dataclass(frozen=True, slots=True)
class Member:
    """A service account as a member of a binding.

    Attributes:
        email: its address.
        uid: its unique id, which a policy tells only once the account is deleted.
    """

    email: str
    uid: str | None


def member_of(text: str) -> Member | None:
    """Read a member; None when it is no service account."""
    if found := _DELETED.fullmatch(text):
        return Member(found["email"], found["uid"])
    kind, _, email = text.partition(":")
    # What is in brackets is a Kubernetes service account, `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
    return Member(email, None) if kind == "serviceAccount" and "[" not in email else None


def account_project(email: str) -> str:
    """Tell the project that an account lies in; `-`, Google's word for any, where its address does not tell."""
    host = email.partition("@")[2]
    if not host.endswith(_ACCOUNT_HOST):
        return "-"
    name, _, domain = host.removesuffix(_ACCOUNT_HOST).partition(".")
    return f"{domain}:{name}" if domain else name


def account_resource(email: str) -> str:
    """The relative name of an account."""
    return f"projects/{account_project(email)}/serviceAccounts/{email}"


def project_in(name: str) -> str:
    """The project in a relative name that begins with one."""
    return name.split("/", 2)[1]


def resource_of_asset(asset: str, project: str) -> str:
    """Turn the full name of an asset into its relative name.

    Args:
        asset: such as `//pubsub.googleapis.com/projects/shop/topics/orders`.
        project: the id of the project that was searched, in the place of whose number it is put.
    """
    found = _ASSET.fullmatch(asset)
    if found is None:
        return asset
    if found["host"] == "storage.googleapis.com":
        return f"projects/_/buckets/{found['path'].removeprefix('projects/_/buckets/')}"
    return _PROJECT.sub(f"projects/{project}", found["path"], count=1)
