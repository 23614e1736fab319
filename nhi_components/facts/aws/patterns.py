"""What the wildcards in AWS actions and ARNs match.

Sources: IAM user guide, 'IAM JSON policy elements: Action' and 'Resource' (`*` any characters, `?` one; an ARN with
fewer than six parts is completed with `*`), 'Variables and tags' (`${*}`, `${?}` and variables are literal).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ARN_PARTS = 6
_SERVICE_PART = 2
_UNTYPED_SERVICES = frozenset({"s3", "sqs", "sns", "execute-api", "codecommit"})
"""Services whose ARNs name the resource without its type first: `arn:aws:sqs:eu-west-1:111122223333:orders`."""

_S3_TYPES = frozenset({"access-grants", "accesspoint", "async-request", "job", "storage-lens", "storage-lens-group"})
"""What of S3 has a type in its ARN: everything but buckets and objects."""


def has_wildcard(text: str) -> bool:
    """Tell whether a text matches more than itself."""
    if "${" in text:
        text = _VARIABLE.sub("v", text)
    return "*" in text or "?" in text


class Reach(NamedTuple):
    """Which resources a pattern that names none of its own reaches.

    Attributes:
        service: the service whose resources; empty for those of all services.
        type: of which type, as its ARNs begin, such as `role`; empty for all types, and for services without types.
    """

    service: str
    type: str


_EVERYTHING = Reach("", "")


@lru_cache(maxsize=8192)
def reach_of(arn: str) -> Reach | None:
    """Tell what a resource pattern reaches; None when it names something of its own."""
    if arn == "*":
        return _EVERYTHING
    if not names_nearly_everything(arn):
        return None
    parts = arn.split(":", 5)
    service = parts[2].lower() if len(parts) > _SERVICE_PART and parts[0] == "arn" else "*"
    if has_wildcard(service) or not service:
        return _EVERYTHING
    kind = parts[5].replace(":", "/").partition("/") if len(parts) == _ARN_PARTS else ("*", "", "")
    typed = service not in _UNTYPED_SERVICES and kind[1] and not has_wildcard(kind[0])
    return Reach(service, kind[0] if typed else "")


def is_own_principal(arn: str) -> bool:
    """Tell whether a resource is the caller itself, by a policy variable: `user/${aws:username}`."""
    return ":iam:" in arn and "${aws:username}" in arn.lower()


def names_nearly_everything(arn: str) -> bool:
    """Tell whether a resource pattern fails to name a resource: `*`, `arn:aws:logs:*:*:*`, `role/*`, `arn:aws:s3:::*`.

    A wildcard below a named resource (`bucket/*`, `log-group:name:*`), in the region or account, or beside letters
    of the name (`orders-*`) is not that.
    """
    text = _VARIABLE.sub("v", arn) if "${" in arn else arn
    parts = text.split(":", 5)
    if not has_wildcard(text) and (len(parts) == _ARN_PARTS or parts[0] != "arn"):
        return False
    parts += ["*"] * (_ARN_PARTS - len(parts))
    prefix, _, service, _, account, resource = parts
    if has_wildcard(prefix) or has_wildcard(service):
        return True
    return is_nameless(_name_of(service, account, resource))


def _name_of(service: str, account: str, resource: str) -> str:
    segments = [segment for segment in resource.replace(":", "/").split("/") if segment]
    untyped = service in _UNTYPED_SERVICES and not (service == "s3" and segments[:1] and segments[0] in _S3_TYPES)
    if untyped or not segments:
        return segments[0] if segments else "*"
    if has_wildcard(segments[0]):
        return "*"
    return segments[1] if len(segments) > 1 else segments[0]


def is_nameless(name: str) -> bool:
    """Tell whether a pattern has no letter or digit of a name."""
    return has_wildcard(name) and not any(character.isalnum() for character in name)
