"""KMS grants: access to a key that stands beside its policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from nhi_components.core.delegation import delegating_resource, parts_of_path
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.delegations.holders import GONE
from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals
from nhi_components.lifecycle.adapters.aws.errors import code_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.ports import Ownership, Sighting


def grants_on(client: Any, key: str, grant_id: str = "") -> list[dict[str, Any]]:
    """List a key's grants, or one of them; none when the key is gone."""
    chosen = {"GrantId": grant_id} if grant_id else {}
    try:
        pages = client.get_paginator("list_grants").paginate(KeyId=key, **chosen)
        return [grant for page in pages for grant in page["Grants"]]
    except ClientError as error:
        if code_of(error) in GONE:
            return []
        raise


def grants_of(principals: Principals, key: str, grants: list[dict[str, Any]], connection: str) -> Iterator[Sighting]:
    """Choose the grants that name a role of the lease.

    A grant has one grantee, so it serves the identity alone when that is its role. Who may only retire another's grant
    can do nothing with the key: that is told and left alone.
    """
    for grant in grants:
        for claim in principals.claims({"Principal": {"AWS": grant.get("GranteePrincipal", "")}}):
            detail = f"grants {', '.join(grant.get('Operations', []))}"
            yield _sighting(key, grant, claim.role, claim.unique_id, connection, claim.ownership, detail)
            break
        else:
            for claim in principals.claims({"Principal": {"AWS": grant.get("RetiringPrincipal", "")}}):
                detail = "may be retired by it, and serves another principal; left alone"
                yield _sighting(key, grant, claim.role, claim.unique_id, connection, Ownership.NAMESAKE, detail)


def revoke(session: AwsSession, link: Link) -> None:
    """Revoke a grant; one that is gone already is fine."""
    key, grant_id = parts_of_path(link.name)
    resource = delegating_resource(key)
    client = session.client("kms", resource.region if resource else "")
    try:
        client.revoke_grant(KeyId=key, GrantId=grant_id)
    except ClientError as error:
        if code_of(error) not in GONE:
            raise


def _sighting(
    key: str,
    grant: dict[str, Any],
    role: str,
    unique_id: str | None,
    connection: str,
    ownership: Ownership,
    detail: str,
) -> Sighting:
    attributes = {"role": role} if role else {}
    name = f"{key}#{grant['GrantId']}"
    link = Link(System.AWS, LinkKind.KMS_GRANT, name, connection, unique_id, attributes)
    return Sighting(link, ownership, detail)
