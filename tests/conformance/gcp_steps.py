"""What the tests of Google Cloud's adapter do and look at."""

from __future__ import annotations

import re
from pathlib import Path

from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting
from tests.conformance.gcp_world import GcpWorld, email_of
from tests.conformance.world import now

ACCOUNT, ROLE = LinkKind.GCP_SERVICE_ACCOUNT, LinkKind.GCP_CUSTOM_ROLE
PROVIDER, POOLS = LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER, LinkKind.GCP_WORKLOAD_IDENTITY_POOL
PAGE = (Path(__file__).parents[2] / "docs/gcp-permissions.md").read_text(encoding="utf-8")
DOCUMENTED = [
    permission
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for permission in re.findall(r"`([\w./]+)`", line.split("|")[2])
]
"""What docs/gcp-permissions.md lists."""


def adapter_of(world: GcpWorld) -> GcpAdapter:
    made = world.adapter()
    assert isinstance(made, GcpAdapter)
    return made


def admitted(world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags) -> list[Link]:
    return adapter.admit(tags, world.create(tags), now())


def cut_off_of(done: list[CutOff]) -> CutOff:
    return next(each for each in done if each.link.kind is ACCOUNT)


def named(sightings: list[Sighting], *kinds: LinkKind) -> list[Sighting]:
    return [sighting for sighting in sightings if sighting.link.kind in kinds]


def sweep_all(adapter: GcpAdapter, lease_id: str, links: list[Link]) -> None:
    for sighting in adapter.survey(lease_id, links):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


def disabled_keys(world: GcpWorld, tags: LeaseTags) -> list[bool]:
    """Of each key that somebody has made, whether it is disabled."""
    keys = world.double.keys.of(world.double.accounts.by_email[email_of(tags)])
    return [keys[id_].disabled for id_ in world.double.keys.listed(email_of(tags))]
