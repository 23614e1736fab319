"""docs/gcp.md stays true: its program works, and its tables and figures are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nhi_components import gcp
from nhi_components.bundle import Bundle
from nhi_components.core.credential.rotation import CADENCES, SourceKind, format_length
from nhi_components.core.gcp_grant import bindings_needed, gcp_grant_problems
from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS, ResourceKind
from nhi_components.core.gcp_trust import MOST_MEMBERS
from nhi_components.gcp.agent_identity import MOST_TOOLS
from nhi_components.lifecycle.adapters.gcp import canary, pools, quotas, roles
from nhi_components.scaffold.gcp import BLUEPRINTS
from tests.pages import rows

PAGE = (Path(__file__).parents[2] / "docs/gcp.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
(GRANTS, _) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_grants_are_taken_and_bound_where_it_says() -> None:
    names: dict[str, Any] = {}
    exec(compile(GRANTS, "docs/gcp.md", "exec"), names)  # noqa: S102 - our own page
    assert gcp_grant_problems(names["grants"]) == []
    kinds = [needed.target.kind for needed in bindings_needed(names["grants"], "shop-prod")]
    assert kinds == [ResourceKind.TOPIC, ResourceKind.BUCKET, ResourceKind.RUN_SERVICE, ResourceKind.PROJECT]


def test_every_component_is_told_with_an_example() -> None:
    bundles = {
        f"gcp.{name}"
        for name in gcp.__all__
        if isinstance(made := getattr(gcp, name), type) and issubclass(made, Bundle)
    }
    told = {
        row[0].strip("`"): row[3]
        for row in rows(PAGE, "component | kind | who becomes the account | example")
        if row[0]
    }
    assert set(told) == bundles
    assert all("](../examples/gcp_" in example for example in told.values())
    assert {f"gcp.{blueprint.component}" for blueprint in BLUEPRINTS.values()} == bundles


def test_the_end_of_each_kind_of_resource_is_what_the_code_does() -> None:
    told: dict[str, set[str]] = {"**enforced**": set(), "**recorded**": set()}
    for row in rows(PAGE, "bound on | end date"):
        named = {kind.value for kind in ResourceKind} & set(row[0].split(", "))
        if named:
            told[row[1].partition(":")[0]] |= named
    assert told["**recorded**"] == {kind.value for kind in WITHOUT_CONDITIONS}
    assert told["**enforced**"] == {kind.value for kind in ResourceKind if kind not in WITHOUT_CONDITIONS}


@pytest.mark.parametrize(
    "told",
    [
        f"at most {MOST_MEMBERS}, of which one may be an output",
        f"that tool alone, at most {MOST_TOOLS}.",
        f"watched for up to {canary.PROPAGATION_SECONDS} s",
        f"| service account | {pools.RECOVERY.days} days",
        f"| custom role | {roles.RECOVERY.days} days; it counts towards the project's {quotas.MOST_CUSTOM_ROLES}",
        f"| pool, provider | {pools.RECOVERY.days} days",
        f"{quotas.MOST_ACCOUNTS} of {quotas.MOST_ACCOUNTS}, and 1 to be made gcp-service-accounts",
    ],
)
def test_figures_are_the_code_s(told: str) -> None:
    assert told in TEXT


def test_the_key_s_cadence_is_the_code_s() -> None:
    cadence = CADENCES[SourceKind.GCP_SERVICE_ACCOUNT_KEY]
    assert (format_length(cadence.usual), format_length(cadence.longest)) == ("7d", "30d")
    assert "is replaced weekly unless `rotation` does, monthly at most" in TEXT
