"""Who owns a folder by CODEOWNERS, and what a remote's URL names."""

from __future__ import annotations

import pytest

from nhi_components.lifecycle.declared.checkouts import repository_of
from nhi_components.lifecycle.declared.codeowners import owners_of_folder


@pytest.mark.parametrize(
    ("pattern", "folders"),
    [
        ("*", {"", "infra", "infra/orders", "docs"}),
        ("**", {"", "infra", "infra/orders", "docs"}),
        ("/**", {"", "infra", "infra/orders", "docs"}),
        ("/*", {""}),
        ("*.py", set()),
        ("infra/", {"infra", "infra/orders"}),
        ("/infra", {"infra", "infra/orders"}),
        ("infra/*", {"infra"}),
        ("infra/**", {"infra", "infra/orders"}),
        ("infra/*/", {"infra/orders"}),
        ("orders", {"infra/orders"}),
        ("/orders", set()),
        ("**/orders/", {"infra/orders"}),
        ("/infra/ord?rs/", {"infra/orders"}),
        ("/infra/orders/main.py", set()),
        ("docs/infra/", set()),
        ("/", set()),
    ],
)
def test_a_pattern_is_about_what_github_says_it_is(pattern: str, folders: set[str]) -> None:
    tried = ("", "infra", "infra/orders", "docs")
    assert {folder for folder in tried if owners_of_folder(f"{pattern} @shop/pay", folder)} == folders


def test_the_last_pattern_that_matches_counts_also_without_owners() -> None:
    text = "# all\n* @all  # whoever\n\n/infra/ @infra ann@example.com\n/infra/free/\n/my\\ infra/ @mine\n"
    assert owners_of_folder(text, "") == ("@all",)
    assert owners_of_folder(text, "infra/orders") == ("@infra", "ann@example.com")
    assert owners_of_folder(text, "infra/free") == ()
    assert owners_of_folder(text, "my infra/a") == ("@mine",)
    assert owners_of_folder("", "infra") == ()


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/shop/orders.git", "github.com/shop/orders"),
        ("https://ann:hunter2@github.com/shop/orders", "github.com/shop/orders"),
        ("ssh://git@github.com:2222/shop/orders.git/", "github.com/shop/orders"),
        ("git@github.com:shop/orders.git", "github.com/shop/orders"),
        ("gitlab.example.com:group/sub/orders", "gitlab.example.com/group/sub/orders"),
        ("/srv/git/orders.git", ""),
        ("../orders", ""),
        ("file:///srv/git/orders.git", ""),
        ("https://[broken/shop", ""),
        ("", ""),
    ],
)
def test_urls_of_remotes_name_repositories_without_user_and_scheme(url: str, repository: str) -> None:
    assert repository_of(url) == repository
