"""Ownership, times, and SDKs that are imported only when they are used."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from nhi_components.core.connection import AwsConnection, AzureConnection, GcpConnection, VaultConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle import adapters
from nhi_components.lifecycle.adapters import elapsed, open_adapter
from nhi_components.lifecycle.adapters.ownership import (
    admitted,
    ownership_of,
    refuse_elsewhere,
    refuse_foreign,
    refuse_namesake,
)
from nhi_components.lifecycle.ports import Ownership, Sighting

LEASE, OTHER = "lease-aaaaaaaaaaaaaaaa", "lease-bbbbbbbbbbbbbbbb"
ROLE = Link(System.AWS, LinkKind.IAM_ROLE, "orders", unique_id="AROA1")
FRESH = Link(System.AWS, LinkKind.IAM_ROLE, "orders")


@pytest.mark.parametrize(
    ("borne", "unique_id", "link", "expected"),
    [
        (LEASE, "AROA2", ROLE, Ownership.OURS),
        (LEASE, None, None, Ownership.OURS),
        (None, "AROA1", ROLE, Ownership.OURS),
        (OTHER, "AROA1", ROLE, Ownership.OURS),
        (None, "AROA2", ROLE, Ownership.NAMESAKE),
        (OTHER, "AROA2", ROLE, Ownership.NAMESAKE),
        (None, "AROA1", FRESH, Ownership.NAMESAKE),
        (None, None, FRESH, Ownership.NAMESAKE),
        (None, None, None, Ownership.NAMESAKE),
    ],
)
def test_a_name_alone_proves_nothing(
    borne: str | None, unique_id: str | None, link: Link | None, expected: Ownership
) -> None:
    assert ownership_of(LEASE, borne, unique_id, link) is expected


@pytest.mark.parametrize(
    ("borne", "unique_id", "link"), [(LEASE, "AROA2", ROLE), (None, "AROA1", ROLE), (None, "AROA1", FRESH)]
)
def test_what_was_just_made_is_admitted(borne: str | None, unique_id: str, link: Link) -> None:
    refuse_foreign(LEASE, borne, unique_id, link)


@pytest.mark.parametrize(
    ("borne", "unique_id", "link"), [(OTHER, "AROA1", ROLE), (None, "AROA2", ROLE), (OTHER, "AROA1", FRESH)]
)
def test_what_is_somebody_else_s_is_not_admitted(borne: str | None, unique_id: str, link: Link) -> None:
    with pytest.raises(NhiError, match="somebody else's"):
        refuse_foreign(LEASE, borne, unique_id, link)


def test_a_namesake_is_never_deleted() -> None:
    refuse_namesake(Sighting(ROLE, Ownership.OURS))
    with pytest.raises(NhiError, match="refused to delete a namesake"):
        refuse_namesake(Sighting(ROLE, Ownership.NAMESAKE))


def test_links_are_looked_for_where_they_were_admitted() -> None:
    link = admitted(ROLE, "AROA3", "account 1")
    assert (link.unique_id, link.attributes["account"]) == ("AROA3", "account 1")
    refuse_elsewhere(System.AWS, "prod", [link, FRESH], lambda _: "account 1")
    with pytest.raises(SystemUnreachable, match=r"account 2[^$]*account 1, where aws iam-role orders was created"):
        refuse_elsewhere(System.AWS, "prod", [FRESH, link], lambda _: "account 2")


def test_times_go_on_from_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([100.0, 102.5])
    monkeypatch.setattr(elapsed.time, "monotonic", lambda: next(ticks))
    counted = elapsed.Elapsed(datetime(2026, 1, 1, tzinfo=UTC))
    assert counted.now() == datetime(2026, 1, 1, 0, 0, 2, 500_000, tzinfo=UTC)


def test_no_sdk_is_imported_before_it_is_used() -> None:
    program = (
        "import sys; import nhi_components.lifecycle.adapters, nhi_components.lifecycle.residue;"
        "print([name for name in ('boto3', 'botocore', 'hvac', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("system", "connection", "package"),
    [(System.AWS, AwsConnection(), "boto3"), (System.VAULT, VaultConnection(), "hvac")],
)
def test_a_missing_sdk_is_named_with_its_extra(
    system: System, connection: AwsConnection | VaultConnection, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is imported anew meanwhile must not stay its parent's attribute.
    monkeypatch.setattr(adapters, system, getattr(adapters, system, None), raising=False)
    for name in [name for name in sys.modules if name.startswith(f"nhi_components.lifecycle.adapters.{system}")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NhiError, match=rf"pip install 'nhi-components\[{system}\]'"):
        open_adapter(system, "default", connection)


def test_a_connection_of_another_system_is_refused() -> None:
    with pytest.raises(NhiError, match="got VaultConnection, expected one for aws"):
        open_adapter(System.AWS, "default", VaultConnection())


def test_the_sdks_of_several_systems_are_imported_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = list[str](), list[str]()

    def slowly(module: str) -> SimpleNamespace:
        assert len(begun) == len(ended), f"{module} is begun within {begun[-1]}"
        begun.append(module)
        time.sleep(0.01)
        ended.append(module)
        return SimpleNamespace(**dict.fromkeys(("AwsAdapter", "VaultAdapter", "GcpAdapter", "AzureAdapter"), Mock()))

    monkeypatch.setattr(adapters, "import_module", slowly)
    connections = {
        System.AWS: AwsConnection(),
        System.VAULT: VaultConnection(),
        System.GCP: GcpConnection(),
        System.AZURE: AzureConnection(),
    }
    with ThreadPoolExecutor(len(connections)) as threads:
        list(threads.map(lambda system: open_adapter(system, "default", connections[system]), connections))
    assert sorted(begun) == sorted(f"{adapters.__name__}.{system}.adapter" for system in connections)
