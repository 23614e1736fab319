"""Our reading of Vault policies against a real server's: whatever it grants, we read, or report that we could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hvac.exceptions import InvalidRequest

from nhi_components.core.vault_path import overlaps
from nhi_components.facts import DocumentKind, Unjudged, read_document
from nhi_components.facts.vault.model import VaultPolicyDocument

READ = 'capabilities = ["read"]'
NO_CAPABILITIES = ["deny"]
TEXTS = [
    (f'path "a/b" {{ {READ} }}', "a/b"),
    (f'path "a/*" {{ {READ} }}', "a/b/c"),
    (f'path "a/*/c" {{ {READ} }}', "a/b/c"),
    (f'path "a/*/c" {{ {READ} }}', "a/*/c"),
    (f'path "+/b" {{ {READ} }}', "a/b"),
    (f'path "x+/b" {{ {READ} }}', "xa/b"),
    (f'path "a/+" {{ {READ} }}', "a/b/c"),
    (f'path "a/" {{ {READ} }}', "a/b"),
    (f'path "**" {{ {READ} }}', "a/b"),
    (f'path "/a/b" {{ {READ} }}', "a/b"),
    (f"path a {{ {READ} }}", "a"),
    (f'"path" "a" {{ {READ} }}', "a"),
    ('path "a" { capabilities = ["read", "list",] }', "a"),
    ('path "a" { capabilities = ["deny", "read"] }', "a"),
    ('path "a" { policy = "read" }', "a"),
    ('path "a" { policy = "write" }', "a"),
    ('path "a" { policy = "sudo" }', "a"),
    ('path "a" { policy = "read" capabilities = ["sudo"] }', "a"),
    (f'path "a" {{ {READ} capabilities = ["sudo"] }}', "a"),
    (f'path "a" {{ {READ} }} path "a" {{ capabilities = ["list"] }}', "a"),
    (f'# c\n// c\n/* c **/ path "a" {{ {READ} }}', "a"),
    (f'# c\rpath "a" {{ {READ} }}', "a"),
    (f'/* path "a" {{ capabilities = ["sudo"] }} */ path "a" {{ {READ} }}', "a"),
    (f'path "a" {{ {READ}, comment = <<END\n}} path "b" {{\nEND\n}}', "a"),
    ('{"path": {"a": {"capabilities": ["read"]}}}', "a"),
    ('{"path": [{"a": {"capabilities": ["read"]}}, {"b": {"policy": "sudo"}}]}', "b"),
    ('{"path": {"a": {"capabilities": ["read"]}, "a": {"capabilities": ["sudo"]}}}', "a"),
    ('{"path": {"a": {"capabilities": ["read"]}}} path', "a"),
    (f'path "\\u0061" {{ {READ} }}', "a"),
    (f'path "\\x61" {{ {READ} }}', "a"),
    (f'path "a" "b" {{ {READ} }}', "a"),
    (f'path "a${{"b"}}" {{ {READ} }}', "a"),
    (f'name = "n"\npath "a" {{ {READ} }}', "a"),
    (
        f'path "a" {{ {READ} allowed_parameters = {{ "*" = [] }} required_parameters = ["x"] max_wrapping_ttl = 20 }}',
        "a",
    ),
    (f'path = {{ "a" = {{ {READ} }} }}', "a"),
    ('path "a" { capabilities = ["READ"] }', "a"),
    ('path "a" { capabilities = "read" }', "a"),
    ('path "a" { capabilities = ["read" "list"] }', "a"),
    (f'path "a" {{ {READ}; }}', "a"),
    (f'paths "a" {{ {READ} }}', "a"),
    (f'path "a" {{ {READ}', "a"),
]


def granted_by_server(client: Any, text: str, path: str) -> list[str]:
    try:
        client.sys.create_or_update_policy("grammar", text)
    except InvalidRequest:
        return NO_CAPABILITIES
    token = client.auth.token.create(policies=["grammar"], no_default_policy=True)["auth"]["client_token"]
    capabilities: list[str] = client.sys.get_capabilities([path], token=token)["data"]["capabilities"]
    return capabilities


@pytest.fixture
def client(vault_client: Callable[..., Any]) -> Any:
    return vault_client()


def test_whatever_the_server_grants_is_read_or_reported(client: Any) -> None:
    wrong = []
    for text, path in TEXTS:
        facts = read_document(DocumentKind.VAULT_POLICY, "policy", text)
        rules = [rule for fact in facts if isinstance(fact, VaultPolicyDocument) for rule in fact.rules]
        ours = {capability for rule in rules if overlaps(rule.pattern, path) for capability in rule.granted}
        theirs = set(granted_by_server(client, text, path)) - {"deny"}
        reported = any(isinstance(fact, Unjudged) for fact in facts)
        if not (ours >= theirs or reported):
            wrong.append((text, path, theirs, ours))
    assert wrong == []


def test_what_the_server_takes_in_plain_writing_is_read_exactly(client: Any) -> None:
    for text, path in TEXTS[:26]:
        facts = read_document(DocumentKind.VAULT_POLICY, "policy", text)
        if any(isinstance(fact, Unjudged) for fact in facts):
            continue
        rules = [rule for fact in facts if isinstance(fact, VaultPolicyDocument) for rule in fact.rules]
        ours = {capability for rule in rules if overlaps(rule.pattern, path) for capability in rule.granted}
        assert ours == set(granted_by_server(client, text, path)) - {"deny"}, text
