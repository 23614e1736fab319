"""Puts owner and end date on an identity that lacks them, where it is certain what they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from nhi_components.crossguard.configuration import Remediation
from nhi_components.crossguard.systems import BEARS_NO_LABELS, SYSTEMS, identities, is_component_type
from nhi_components.facts import Facts, Ownership
from nhi_components.rules import JudgeConfig
from nhi_components.rules.identity.governed import governed, label_of

_TAGS = "tags"
_IDENTITIES = identities(frozenset(SYSTEMS))


def missing_labels(facts: Facts, config: JudgeConfig, defaults: Remediation) -> dict[str, str]:
    """Give what a governed resource lacks, by tag key: from what encloses it, else from the defaults.

    Args:
        facts: the `Ownership` of one resource, and its surroundings.
        config: what is governed, and the names of the tags.
        defaults: what the team sets; an end that is not known as a day stays missing.
    """
    given = {"owner": defaults.owner, "ends": defaults.ends and defaults.ends.isoformat()}
    labels: dict[str, str] = {}
    for own, answering in governed(facts, config):
        if label_of(own, config, "owner") is None:
            owner = label_of(answering, config, "owner") or given["owner"]
            labels |= {config.tags.owner: owner} if isinstance(owner, str) else {}
        if label_of(own, config, "ends") is None:
            ends = label_of(answering, config, "ends") or (None if answering.lifetime_days else given["ends"])
            labels |= {config.tags.ends: ends} if isinstance(ends, str) and _is_day(ends) else {}
    return labels


def place_of_labels(ownership: Ownership) -> str:
    """Name the input that takes the labels of a resource; empty when that is not certain."""
    if is_component_type(ownership.resource.type):
        return BEARS_NO_LABELS
    has_tags = ownership.path == _TAGS and ownership.labels
    return _IDENTITIES.get(ownership.resource.type, _TAGS if has_tags else BEARS_NO_LABELS)


def with_labels(properties: Any, place: str, labels: Mapping[str, str]) -> Any:
    """Put labels into the properties of a resource, in place: what is secret or unknown among them stays so.

    Args:
        properties: as the SDK hands them to a remediation.
        place: the input that holds the labels.
        labels: what to add, by key.
    """
    # Metadata of Vault takes no colon in its keys; the reader takes either spelling.
    keys = {key: key if place == _TAGS else key.replace(":", "_") for key in labels}
    if place not in properties or properties[place] is None:
        properties[place] = {}
    for key, value in labels.items():
        properties[place][keys[key]] = value
    return properties


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
