"""What ARNs that are handed to an intent look like."""

from __future__ import annotations

from nhi_components.core.intents import Shape

ACCOUNT = r"\d{12}"
PARTITION = r"arn:aws[a-z-]*"
REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"


def arn_shape(what: str, service: str, resource: str, example: str, *, region: str = REGION) -> Shape:
    """Describe the ARNs of one kind of resource in an account.

    Args:
        what: what it is, with its article.
        service: the third part of the ARN.
        resource: a regular expression for the sixth.
        example: the sixth part of an example.
        region: a regular expression for the fourth; empty for services without regions.
    """
    place = "eu-central-1" if region else ""
    pattern = f"{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}"
    return Shape(what, pattern, f"arn:aws:{service}:{place}:111122223333:{example}")
