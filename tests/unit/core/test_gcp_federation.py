"""What a pool of an identity's own lets in, and whom that is for: exact, and within what Google takes."""

from __future__ import annotations

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_federation import (
    PROVIDER_NAME,
    VendorAccount,
    VendorAwsRole,
    VendorSubject,
    admission_problems,
    cel_text,
    pipeline_admission,
    principal_of,
)
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud

POOL = "projects/123456789012/locations/global/workloadIdentityPools/orders-dev-abcdef"
MAIN = GitHub(repository="example/orders", ref="refs/heads/main")


def test_a_pipeline_is_known_by_its_subject() -> None:
    admission = pipeline_admission(MAIN)
    assert principal_of(POOL, admission.principal) == (
        f"principal://iam.googleapis.com/{POOL}/subject/repo:example/orders:ref:refs/heads/main"
    )
    assert admission.condition == (
        'assertion.sub == "repo:example/orders:ref:refs/heads/main" && assertion.repository == "example/orders" '
        '&& assertion.ref == "refs/heads/main"'
    )
    assert admission.mapping["google.subject"] == "assertion.sub"
    assert admission.issuer == "https://token.actions.githubusercontent.com"


def test_what_has_no_single_subject_is_known_by_its_project() -> None:
    admission = pipeline_admission(GitLab(project="example/shop/orders", environment="prod"))
    assert principal_of(POOL, admission.principal) == (
        f"principalSet://iam.googleapis.com/{POOL}/attribute.project_path/example/shop/orders"
    )
    assert "assertion.sub" not in admission.condition


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (MAIN, f"https://iam.googleapis.com/{POOL}/providers/github"),
        (GitHub(repository="example/orders", ref="refs/heads/main", audience="shop"), "shop"),
        (
            TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="plan"),
            f"//iam.googleapis.com/{POOL}/providers/terraform",
        ),
    ],
)
def test_the_audience_is_the_provider_unless_the_source_says_so(source: GitHub | TerraformCloud, expected: str) -> None:
    admission = pipeline_admission(source)
    assert admission.audience_at(f"{POOL}/providers/{admission.provider}") == expected


def test_what_google_does_not_take_is_told() -> None:
    longest = 127 - len("repo:example/orders:ref:")
    fits = GitHub(repository="example/orders", ref=f"refs/heads/{'x' * (longest - len('refs/heads/'))}")
    assert admission_problems("source", pipeline_admission(fits)) == []
    beyond = GitHub(repository="example/orders", ref=f"{fits.ref}x")
    (problem,) = admission_problems("source", pipeline_admission(beyond))
    assert "128 bytes" in problem.got
    wide = GitHub(repository="example/orders", environment="ü" * 50)
    assert len(wide.subject_claim) < 127
    assert [p.path for p in admission_problems("source", pipeline_admission(wide))] == ["source"]


def test_a_vendor_from_aws_is_known_by_its_role() -> None:
    admission = VendorAwsRole(account="999999999999", role="collector").admission
    assert principal_of(POOL, admission.principal) == (
        f"principalSet://iam.googleapis.com/{POOL}/attribute.aws_role/arn:aws:sts::999999999999:assumed-role/collector"
    )
    assert (admission.account, admission.issuer) == ("999999999999", "")


def test_a_vendors_subject_is_pinned() -> None:
    vendor = VendorSubject(issuer="https://login.vendor.example.com", subject_claim='customer "4711"', audience="shop")
    admission = vendor.admission
    assert admission.condition == 'assertion.sub == "customer \\"4711\\""'
    assert admission.audience_at("any") == "shop"


def test_a_vendors_account_is_named_as_policies_do() -> None:
    vendor = VendorAccount(email="collector@auditors-prod.iam.gserviceaccount.com")
    assert vendor.member == "serviceAccount:collector@auditors-prod.iam.gserviceaccount.com"
    for wrong in ("1-compute@developer.gserviceaccount.com", "a@b.c", "serviceAccount:x@y.iam.gserviceaccount.com"):
        with pytest.raises(SpecError):
            VendorAccount(email=wrong)


@pytest.mark.parametrize(
    ("text", "written"), [("a", '"a"'), ('a"b', '"a\\"b"'), ("a\\", '"a\\\\"'), ("it's", '"it\'s"')]
)
def test_texts_are_escaped(text: str, written: str) -> None:
    assert cel_text(text) == written


def test_a_provider_is_named_with_the_number_of_its_project() -> None:
    assert PROVIDER_NAME.fullmatch(f"{POOL}/providers/github")
    for wrong in (POOL, f"{POOL}/providers/GitHub", f"{POOL.replace('123456789012', 'shop')}/providers/github"):
        assert not PROVIDER_NAME.fullmatch(wrong)
