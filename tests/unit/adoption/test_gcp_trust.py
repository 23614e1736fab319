"""Which of the components' trusts what is bound on a service account is."""

from __future__ import annotations

import pytest

from nhi_components.core.gcp_trust import ATTACHES, FEDERATES, MAKES_TOKENS, AttachedTrust, GkeTrust, ImpersonationTrust
from nhi_components.lifecycle.adoption.aws_trust import Untranslatable
from nhi_components.lifecycle.adoption.gcp_trust import KnownAccountTrust, account_trust_of
from nhi_components.lifecycle.adoption.ports import Bound

OWN = "projects/shop-prod/serviceAccounts/legacy-orders@shop-prod.iam.gserviceaccount.com"
BUILD, ADA = "serviceAccount:builder@shop-prod.iam.gserviceaccount.com", "user:ada@example.com"
POD = "serviceAccount:shop-prod.svc.id.goog[shop/orders]"
GONE = "deleted:user:eve@example.com?uid=1234567890"


def let_in(*pairs: tuple[str, str], condition: str = "") -> list[Bound]:
    return [Bound(OWN, role, member, condition) for role, member in pairs]


@pytest.mark.parametrize(
    ("bound", "trust"),
    [
        ([], AttachedTrust()),
        (let_in((ATTACHES, BUILD), (ATTACHES, ADA)), AttachedTrust(deployers=(BUILD, ADA))),
        (let_in((MAKES_TOKENS, ADA), (MAKES_TOKENS, BUILD)), ImpersonationTrust(members=(BUILD, ADA))),
        (
            let_in((FEDERATES, POD)),
            GkeTrust(cluster_project="shop-prod", namespace="shop", service_account="orders"),
        ),
        (
            let_in((FEDERATES, "serviceAccount:shop-prod.example.com.svc.id.goog[shop/orders]")),
            GkeTrust(cluster_project="example.com:shop-prod", namespace="shop", service_account="orders"),
        ),
        # Whoever is deleted is let in by nothing.
        (let_in((ATTACHES, BUILD), (MAKES_TOKENS, GONE)), AttachedTrust(deployers=(BUILD,))),
    ],
)
def test_what_one_trust_says_exactly_is_that_trust(bound: list[Bound], trust: KnownAccountTrust) -> None:
    assert account_trust_of(bound) == trust


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        (let_in((ATTACHES, BUILD), (MAKES_TOKENS, ADA)), f"{MAKES_TOKENS} and {ATTACHES}"),
        (let_in((MAKES_TOKENS, ADA), condition='{"expression": "true"}'), "under a condition"),
        (let_in((MAKES_TOKENS, "allUsers")), "one named principal"),
        (let_in((MAKES_TOKENS, "domain:example.com")), "one named principal"),
        (let_in(("roles/iam.serviceAccountAdmin", ADA)), "roles/iam.serviceAccountAdmin, where"),
        (let_in((FEDERATES, POD), (FEDERATES, "serviceAccount:shop-prod.svc.id.goog[shop/other]")), "not one service"),
        (let_in((FEDERATES, f"principalSet://iam.googleapis.com/{OWN}/*")), "not one service account of Kubernetes"),
        (let_in(*((MAKES_TOKENS, f"user:ada{number}@example.com") for number in range(21))), "21 principals"),
    ],
)
def test_what_none_says_is_refused_by_name(bound: list[Bound], told: str) -> None:
    with pytest.raises(Untranslatable, match=told.replace("(", r"\(")):
        account_trust_of(bound)
