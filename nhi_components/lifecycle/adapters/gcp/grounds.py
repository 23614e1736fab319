"""What links on Google Cloud rest on and that no lease owns: asked for before anything is created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.gcp.names import account_project
from nhi_components.lifecycle.adapters.gcp.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.gcp.pools import Pools, pool_of
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession

_UNDELETE = "gcloud iam workload-identity-pools"


def require(session: GcpSession, links: Sequence[Link]) -> None:
    """Refuse links whose pool is not there or admits nobody, or whose id is still reserved by what was deleted.

    Raises:
        SpecError: with every problem.
        SystemUnreachable: a project can't be seen, IAM or Secret Manager is disabled there, or the connection may not
            look.
    """
    for project in dict.fromkeys(account_project(link.name) for link in _of(links, LinkKind.GCP_SERVICE_ACCOUNT)):
        path = f"/v1/projects/{quote(project)}/serviceAccounts"
        session.ask("GET", IAM, path, needs="iam.serviceAccounts.list", query={"pageSize": "1"})
    for secret in _of(links, LinkKind.GCP_SECRET):
        # It need not be there yet: Secret Manager has to be enabled, and the connection be let look.
        OwnSecrets(session).find(secret.name)
    problems = [*_reserved(session, links), *_referenced(session, links)]
    if problems:
        raise SpecError("what the identity rests on", problems)


def _reserved(session: GcpSession, links: Sequence[Link]) -> Iterator[Problem]:
    """Find ids of pools and providers that can't be used: those of deleted ones can't be for 30 days."""
    for link in _of(links, LinkKind.GCP_WORKLOAD_IDENTITY_POOL, LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER):
        found = Pools(session).find(link.name)
        if found and found.kept_until:
            yield Problem(
                f"gcp.{session.name}: {link.name}",
                f"deleted, and its id is reserved until {_day(found.kept_until)}",
                "an id that is free",
                f"bring it back with `{_UNDELETE} undelete` and `pulumi import` it, or give the identity another name",
            )


def _referenced(session: GcpSession, links: Sequence[Link]) -> Iterator[Problem]:
    """Find pools of others that are not there, deleted or disabled."""
    own = {link.name for link in _of(links, LinkKind.GCP_WORKLOAD_IDENTITY_POOL)}
    pools = dict.fromkeys(pool_of(link.name) for link in _of(links, LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER))
    for pool in pools:
        if pool in own:
            continue
        found, where = Pools(session).find(pool), f"gcp.{session.name}: {pool}"
        if found is None:
            fix = f"make it with `{_UNDELETE} create`, correct its name, or let the identity own a pool"
            yield Problem(where, "no such workload identity pool", "one that is there", fix)
        elif found.kept_until:
            fix = f"bring it back with `{_UNDELETE} undelete`, or name another"
            yield Problem(where, f"deleted, for good on {_day(found.kept_until)}", "one that is active", fix)
        elif found.disabled:
            fix = f"enable it with `{_UNDELETE} update --no-disabled`, or name another"
            yield Problem(where, "disabled: nobody comes in through it", "one that is active", fix)


def _of(links: Iterable[Link], *kinds: LinkKind) -> list[Link]:
    return [link for link in links if link.kind in kinds]


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
