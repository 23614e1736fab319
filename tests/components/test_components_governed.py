"""Rules know every identity component by its type token, so that what it encloses has its owner and its end."""

from __future__ import annotations

import pytest

from nhi_components import aws, azure, gcp, kubernetes, vault
from nhi_components.bundle import Bundle
from nhi_components.facts.governed import is_component
from nhi_components.federation.aws import OidcIdentity as AwsOidcIdentity
from nhi_components.federation.gcp import OidcIdentity as GcpOidcIdentity

EXPORTED = [getattr(package, name) for package in (aws, azure, gcp, kubernetes, vault) for name in package.__all__]
PARTS = [AwsOidcIdentity, GcpOidcIdentity]
COMPONENTS = [*PARTS, *(thing for thing in EXPORTED if isinstance(thing, type) and issubclass(thing, Bundle))]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: f"{c.system}.{c.__name__}")
def test_a_component_is_known_by_its_type_token(component: type[Bundle]) -> None:
    assert is_component(f"nhi:{component.system}:{component.__name__}")


def test_the_ends_of_the_bracket_and_what_is_no_identity_are_none() -> None:
    tokens = (
        "nhi:index:Lease",
        "nhi:index:Seal",
        "nhi:index:Federation",
        "nhi:aws:PermissionsBoundary",
        "aws:iam/role:Role",
    )
    assert not any(is_component(token) for token in tokens)
