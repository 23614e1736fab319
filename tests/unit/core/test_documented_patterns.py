"""Whether a pattern stands for anything that a cloud documents, told without listing it."""

from __future__ import annotations

import pytest

from nhi_components.core import azure_operation, gcp_catalogue


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*/write",
        "Microsoft.Authorization/*/write",
        "microsoft.storage/storageAccounts/blobServices/containers/blobs/read",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/*",
        "Microsoft.Nothing/*",
        "Microsoft.Authorization/nothing*",
        "",
    ],
)
def test_of_azure(pattern: str) -> None:
    assert azure_operation.is_documented(pattern) is bool(azure_operation.documented(pattern))


@pytest.mark.parametrize(
    "pattern", ["*", "storage.*", "iam.serviceAccounts.actAs", "*.setIamPolicy", "nothing.*", "storage.[a]*", "a" * 201]
)
def test_of_google_cloud(pattern: str) -> None:
    assert gcp_catalogue.is_documented(pattern) is bool(gcp_catalogue.matching(pattern))


def test_both_occur() -> None:
    assert azure_operation.is_documented("*/write")
    assert not azure_operation.is_documented("Microsoft.Nothing/*")
    assert gcp_catalogue.is_documented("*.setIamPolicy")
    assert not gcp_catalogue.is_documented("nothing.*")
