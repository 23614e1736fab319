"""Looking at what is there of a credential, at its home and its source, as far as decisions need it."""

from __future__ import annotations

from nhi_components.lifecycle.credentials.decision import Found
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Kept, Key, Material, Source
from nhi_components.lifecycle.credentials.revoking import until
from nhi_components.lifecycle.credentials.wanted import Tools

WORKS_WITHIN = 60.0
"""Seconds that a new key may take until its source lets it in; IAM is eventually consistent, without a figure."""

_OLD_WORKS_WITHIN = 5.0
"""Seconds for one that was let in before: a refusal is not taken for final at once."""


def examine(journal: Journal, kept: Kept, keys: list[Key], source: Source, tools: Tools) -> Found:
    """Try the key that is delivered, ask when those that are retiring were used, and change nothing."""
    content, listed = kept.material, {key.id for key in keys}
    works = None
    if content and content.key_id in listed and not journal.suspended:
        enabled = {key.id for key in keys if key.enabled}
        works = content.key_id in enabled and _lets_in(source, content, journal, tools)
    used = {key: source.last_used(key) for key in journal.retiring if key in listed}
    return Found(journal, keys, source.most, content.key_id if content else "", works, used)


def _lets_in(source: Source, content: Material, journal: Journal, tools: Tools) -> bool:
    patience = _OLD_WORKS_WITHIN if content.key_id == journal.key else WORKS_WITHIN
    return until(lambda: source.works(content), patience, tools.sleep)
