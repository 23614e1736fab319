"""The secret of an identity's own in Secret Manager, which its account alone may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_gcp as gcp

from nhi_components.core.gcp_links import ACCOUNT, PROJECT
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.gcp_secret import GcpSecretSpec
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind
from nhi_components.gcp.accounts import Account
from nhi_components.life import retirement_of

if TYPE_CHECKING:
    from nhi_components.gcp.bundle import GcpBundle

_READS: Final = "roles/secretmanager.secretAccessor"
_DAY_SECONDS: Final = 86_400


def own_secret(
    bundle: GcpBundle, identity: Identity, project: str, spec: GcpSecretSpec, account: Account
) -> pulumi.Output[str]:
    """Make the secret without a value, and let the account read it; give its relative name, known at preview.

    The seal puts the value in, so that none ever passes through the engine.
    """
    kind = LinkKind.GCP_SECRET
    days = spec.destroyed_after_days
    made = gcp.secretmanager.Secret(
        f"{bundle.name}-secret",
        secret_id=bundle.name_of(kind),
        project=project,
        replication=_replication(spec.locations),
        labels=bundle.labels,
        annotations=bundle.metadata,
        expire_time=bundle.ends.apply(lambda ends: _removal(identity, ends)) if spec.expires else None,
        version_destroy_ttl=f"{days * _DAY_SECONDS}s" if days else None,
        deletion_protection=False,
        opts=bundle.child_options(),
    )
    place = pulumi.Output.concat(f"projects/{project}/secrets/", bundle.name_of(kind))
    generated = {"generate_bytes": str(spec.generate_bytes)} if spec.generate_bytes else {}
    bundle.link(kind, place, made, attributes={PROJECT: project, ACCOUNT: account.email, **generated})
    bundle.bind(
        f"{bundle.name}-reads-secret",
        ResourceKind.SECRET,
        place,
        role=_READS,
        member=account.member,
        about=account,
        after=[made],
    )
    return place


def _removal(identity: Identity, ends: str) -> str:
    """Tell when Secret Manager removes it by itself: once the identity would have been retired."""
    return f"{retirement_of(identity, date.fromisoformat(ends))}T00:00:00Z"


def _replication(locations: Sequence[str]) -> gcp.secretmanager.SecretReplicationArgs:
    secrets = gcp.secretmanager
    if not locations:
        return secrets.SecretReplicationArgs(auto=secrets.SecretReplicationAutoArgs())
    replicas = [secrets.SecretReplicationUserManagedReplicaArgs(location=each) for each in locations]
    return secrets.SecretReplicationArgs(user_managed=secrets.SecretReplicationUserManagedArgs(replicas=replicas))
