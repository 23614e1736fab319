"""ACL policies as records: what each allows on which paths.

Sources: Vault documentation, 'Policies'; HTTP API, '/sys/policies'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nhi_components.core.inventory.records import FoundDocument, FoundGrant, Record
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Resource
from nhi_components.facts.vault.document import read_vault_policy
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.lifecycle.adapters.vault.discovery_policy import POLICIES as PERMISSIONS
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, paged
from nhi_components.lifecycle.adapters.vault.reach import POLICIES
from nhi_components.lifecycle.discovery.ports import Section

ROOT: Final = "root"
"""The policy that allows everything; it has no text."""
_NARROWED: Final = "allowed_parameters"


def policies(looks: Looks, name: str) -> Section:
    """Give the section of all ACL policies."""
    read = paged(lambda: looks.names(POLICIES), lambda policy: _policy(looks, policy))
    return Section(name, "what policies allow", PERMISSIONS, read)


def _policy(looks: Looks, name: str) -> Iterator[Record]:
    facts = looks.read(f"{POLICIES}/{name}")
    holder = looks.key(f"{POLICIES}/{name}")
    if name == ROOT:
        yield FoundGrant(holder, ROOT, "*", via=name)
    elif facts:
        text = str(facts.get("policy", ""))
        yield FoundDocument(holder, DocumentKind.VAULT_POLICY, name, text)
        # What can't be read stays in the document, for the rules to tell; rules of one path may repeat each other.
        yield from dict.fromkeys(_grants(holder, name, text))


def _grants(holder: str, name: str, text: str) -> Iterator[FoundGrant]:
    for fact in read_vault_policy(Resource(holder, "document"), "document", text):
        for rule in fact.rules if isinstance(fact, VaultPolicyDocument) else ():
            yield from _of_rule(holder, name, rule)


def _of_rule(holder: str, name: str, rule: PathRule) -> Iterator[FoundGrant]:
    condition = _NARROWED if rule.narrowed else ""
    for capability in sorted(rule.granted):
        yield FoundGrant(holder, capability, rule.pattern, condition=condition, via=name)
    if rule.capabilities and not rule.granted:
        yield FoundGrant(holder, "*", rule.pattern, denied=True, via=name)
