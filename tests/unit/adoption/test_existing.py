"""What is adopted is found in the inventory, and refused where another answers for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.inventory.records import Declaration, FoundCarrier, FoundDocument, Guard, Manager, Subject
from nhi_components.core.links import System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.lifecycle.adoption.existing import NotAdoptable, existing
from tests.unit.adoption.worlds import ARN, MANAGED, allow, document, inventory, records, role

GROUP = "arn:aws:iam::111122223333:group/devs"


def test_documents_of_carriers_and_of_their_carriers_are_read_with_it(tmp_path: Path) -> None:
    found = records(role(managed={MANAGED: document(allow("sns:*"))}))
    found += [FoundCarrier(ARN, GROUP, "group"), FoundCarrier(GROUP, "arn:of:group", "managed-policy")]
    found += [FoundDocument("arn:of:group", PolicyKind.IDENTITY, "wide", "{}"), FoundCarrier(GROUP, ARN, "group")]
    read = existing(inventory(tmp_path, found), ARN)
    assert {each.carrier for each in read.carriers} == {MANAGED, GROUP, "arn:of:group", ARN}
    assert {(each.holder, each.name) for each in read.documents} == {
        (ARN, "trust"),
        (ARN, "by-hand"),
        (MANAGED, "wide"),
        ("arn:of:group", "wide"),
    }
    assert [each.kind for each in read.dependents] == ["function"]
    assert {said.value for said in read.said(Subject.OWNER)} == {"payments", "payments@example.com"}


def test_it_is_found_by_a_name_that_no_other_has(tmp_path: Path) -> None:
    opened = inventory(
        tmp_path, [*records(role()), *records(role(), key=f"{ARN}-2", unique_id="AROA2", name="legacy-2")]
    )
    assert existing(opened, "legacy").listed.key == ARN
    with pytest.raises(SpecError, match="nothing called lega"):
        existing(opened, "lega")


def test_a_name_that_several_have_is_refused_with_their_keys(tmp_path: Path) -> None:
    opened = inventory(tmp_path, [*records(role()), *records(role(), key=f"{ARN}-2", unique_id="AROA2")])
    with pytest.raises(SpecError, match=f"several: {ARN}, {ARN}-2"):
        existing(opened, "legacy")


STACK = Declaration(ARN, "", System.AWS, "iam-role", Manager.TERRAFORM, "net.tfstate", "aws_iam_role.legacy")


@pytest.mark.parametrize(
    ("changes", "more", "told"),
    [
        ({"guard": Guard.SERVICE_LINKED}, [], "service-linked"),
        ({"marks": {LEASE: "lease-aaaaaaaaaaaaaaaa", MANAGED_BY: MANAGER}}, [], "lease-aaaaaaaaaaaaaaaa"),
        ({}, [STACK], "terraform net.tfstate"),
    ],
)
def test_what_another_answers_for_is_refused(
    changes: dict[str, Any], more: list[Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(NotAdoptable, match=told):
        existing(inventory(tmp_path, [*records(role(), **changes), *more]), ARN)
