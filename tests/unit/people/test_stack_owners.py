"""Owners by the marks that a stack has given its identities, and where in a repository its program lies."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.inventory.records import Claim, Declaration, Naming, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.declared.deployments import Origin, declarations_in, origin_of

SECRET = "hunter2-of-a-stack"


def resource(kind: str, outputs: dict[str, Any]) -> dict[str, Any]:
    return {"urn": "urn:orders", "type": kind, "id": "e", "outputs": outputs}


@pytest.mark.parametrize(
    ("made", "system", "identity", "unique_id"),
    [
        (
            resource("aws:iam/role:Role", {"arn": "arn:r", "uniqueId": "U", "tags": {"Owner": "ann", "tier": "1"}}),
            System.AWS,
            "arn:r",
            "U",
        ),
        (
            resource(
                "kubernetes:core/v1:ServiceAccount",
                {"metadata": {"namespace": "shop", "name": "orders", "uid": "U", "annotations": {"x.io/owner": "ann"}}},
            ),
            System.KUBERNETES,
            "kubernetes:shop/orders",
            "U",
        ),
        (
            resource("vault:identity/entity:Entity", {"id": "e", "metadata": {"nhi_owner": "ann"}}),
            System.VAULT,
            "identity/entity/id/e",
            "e",
        ),
    ],
)
def test_the_owner_among_a_resources_marks_is_told_by_its_stack(
    made: dict[str, Any], system: System, identity: str, unique_id: str
) -> None:
    declared, claim = declarations_in("shop/dev", {"resources": [made]}, Origin("github.com/shop/orders", "c", "infra"))
    assert isinstance(declared, Declaration)
    assert (declared.identity, declared.folder) == (identity, "infra")
    assert claim == Claim(
        Naming.DECLARED, identity, Subject.OWNER, "ann", "stack shop/dev", system, unique_id=unique_id
    )


def test_what_is_no_text_among_marks_is_not_taken() -> None:
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": SECRET}
    outputs = {"arn": "arn:r", "uniqueId": "U", "tags": {"owner": sealed, "team": ["a"]}, "labels": sealed}
    told = list(declarations_in("shop/dev", {"resources": [resource("aws:iam/role:Role", outputs)]}, Origin()))
    assert [type(each) for each in told] == [Declaration]
    assert SECRET not in repr(told)


@pytest.mark.parametrize(
    ("root", "folder"), [("infra/orders", "infra/orders"), (".", ""), ("", ""), ("/repo/root/", "repo/root")]
)
def test_the_folder_of_a_program_is_read_from_its_update(root: str, folder: str) -> None:
    update = {"environment": {"git.head": "c", "vcs.repo": "orders", "vcs.root": root}}
    assert origin_of(update) == Origin("orders", "c", folder)
