"""What Azure takes as tags of a resource.

Source: Azure Resource Manager documentation, 'Use tags to organize your Azure resources', limitations: 50 tags, names
of 512 characters (128 of storage accounts) without `<>%&\\?/`, values of 256.
"""

from __future__ import annotations

from typing import Any, Final

from tools.doubles.azure.errors import arm

MOST: Final = 50
LONGEST_NAME: Final = 512
LONGEST_VALUE: Final = 256
_FORBIDDEN = set("<>%&\\?/")


def judge_tags(tags: Any) -> None:
    """Refuse tags that Azure does not take; none are fine."""
    if tags is None:
        return
    if not isinstance(tags, dict) or not all(isinstance(each, str) for each in tags.values()):
        raise arm(400, "InvalidTags", "Tags are an object of texts.")
    if len(tags) > MOST:
        raise arm(400, "InvalidTags", f"The number of tags '{len(tags)}' exceeds the maximum of '{MOST}'.")
    for name, value in tags.items():
        if not name or len(name) > LONGEST_NAME:
            raise arm(400, "InvalidTagName", f"A tag's name has 1 to {LONGEST_NAME} characters.")
        if wrong := _FORBIDDEN & set(name):
            text = (
                f"The tag names '{name}' have reserved characters '{', '.join(sorted(wrong))}' or control characters."
            )
            raise arm(400, "InvalidTagNameCharacters", text)
        if len(value) > LONGEST_VALUE:
            raise arm(400, "InvalidTagValue", f"The value of tag '{name}' is longer than {LONGEST_VALUE} characters.")
