"""Google Cloud for the stacks: how they reach the double, and what has to be there before them."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.engine.gcp import GoogleCloud
from tests.engine.gcp_access import ask
from tests.engine.stacks.conftest import Stack
from tools.doubles.gcp.double import PROJECT


def connected(stack: Callable[[str], Stack], cloud: GoogleCloud, name: str) -> Stack:
    """A stack that reaches the double as it would reach Google."""
    return reached(stack(name), cloud)


def reached(made: Stack, cloud: GoogleCloud) -> Stack:
    """Let a stack reach the double by environment and the configuration `nhi:gcp`."""
    cloud.reached_by(made)
    made.configure(nhi__gcp=json.dumps({"default": {"endpoint": cloud.url, "projects": [PROJECT]}}))
    return made


def bucket_with(cloud: GoogleCloud, name: str, *objects: str) -> None:
    """Make a bucket with these objects in it."""
    uniform = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}
    ask(cloud, "POST", f"/storage/v1/b?project={PROJECT}", {"name": name, **uniform})
    for each in objects:
        ask(cloud, "POST", f"/upload/storage/v1/b/{name}/o?uploadType=media&name={each}", "an invoice")


def topics(cloud: GoogleCloud, *names: str) -> list[str]:
    """Make topics; give their relative names."""
    made = [f"projects/{PROJECT}/topics/{name}" for name in names]
    for topic in made:
        ask(cloud, "PUT", f"/v1/{topic}", {})
    return made
