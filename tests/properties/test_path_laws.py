"""Ways to an administrator over random trusts are what networkx finds: the same identities, by as few steps."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhi_components.core.inventory.records import Record
from nhi_components.lifecycle.verdicts.paths import paths_to_admin
from nhi_components.lifecycle.verdicts.readings import Readings
from tests.unit.verdicts.planting import NOW
from tests.unit.verdicts.worlds import ADMINISTRATOR, allow, arn, estate_of, principal, trusting

MOST = 7
pairs = st.tuples(st.integers(0, MOST), st.integers(0, MOST))
graphs = st.tuples(st.sets(pairs, max_size=14), st.sets(pairs, max_size=5), st.sets(st.integers(0, MOST), max_size=2))
"""Steps, steps under a condition that cannot be decided, and administrators."""
Graph = tuple[set[tuple[int, int]], set[tuple[int, int]], set[int]]


def roles(account: str, graph: Graph) -> Iterator[Record]:
    """Roles that name one another: by their trusts, and under a condition on the network where that is meant."""
    sure, doubtful, admins = graph
    for at in range(MOST + 1):
        trusted = [arn(f"r{source}", account) for source, target in sure if target == at]
        perhaps = [arn(f"r{target}", account) for source, target in doubtful if source == at]
        statements = [ADMINISTRATOR] if at in admins else []
        if perhaps:
            statements.append(allow("sts:AssumeRole", perhaps, IpAddress={"aws:SourceIp": "10.0.0.0/8"}))
        principals = [*trusted, f"arn:aws:iam::{account}:root"]
        yield from principal(f"r{at}", *statements, account=account, trust=trusting({"AWS": principals}))


def expected(account: str, graph: Graph) -> dict[str, tuple[int, bool]]:
    """Steps to the nearest administrator, and whether they are certain, by key."""
    sure, doubtful, admins = graph
    found: dict[str, tuple[int, bool]] = {}
    for certain, steps in ((True, sure), (False, sure | doubtful)):
        backwards = nx.DiGraph((target, source) for source, target in steps)
        backwards.add_nodes_from(admins)
        reached = nx.multi_source_dijkstra_path_length(backwards, admins) if admins else {}
        for node, hops in reached.items():
            found.setdefault(arn(f"r{node}", account), (int(hops), certain))
    return found


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(graphs, min_size=12, max_size=12))
def test_ways_are_those_that_a_search_finds(worlds: list[Graph]) -> None:
    accounts = {f"{200_000_000_000 + number}": graph for number, graph in enumerate(worlds)}
    told = [(f"aws/{account}", list(roles(account, graph))) for account, graph in accounts.items()]
    with estate_of(*told) as estate:
        rows = paths_to_admin(estate, Readings(estate, NOW)).to_pyarrow().to_pylist()
    wanted = {key: way for account, graph in accounts.items() for key, way in expected(account, graph).items()}
    assert {row["node"]: (row["hops"], row["certain"]) for row in rows} == wanted
