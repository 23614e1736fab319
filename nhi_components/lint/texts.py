"""Turns a document's text into data where its platform's reader does not read that language itself."""

from __future__ import annotations

from nhi_components.facts import Platform

_READ_JSON_ONLY = frozenset({Platform.AWS, Platform.AZURE, Platform.GCP, Platform.GITHUB})
_JSON_BEGINS = ("{", "[", '"')


def data_of_text(text: str, platform: Platform) -> object:
    """Give the data of a YAML text; any other text as it is, for the reader to read or to report."""
    if platform not in _READ_JSON_ONLY or ":" not in text or text.lstrip("\ufeff \t\r\n").startswith(_JSON_BEGINS):
        return text
    from nhi_components.core.yaml_text import MalformedYaml, parse_yaml

    try:
        documents = parse_yaml(text)
    except MalformedYaml:
        return text
    only = documents[0].value if len(documents) == 1 else None
    return only if isinstance(only, dict | list) else text
