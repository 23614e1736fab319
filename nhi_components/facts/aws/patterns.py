"""What the wildcards in AWS actions and ARNs match.

Sources: IAM user guide, 'IAM JSON policy elements: Action' and 'Resource' (`*` any characters, `?` one; an ARN with
fewer than six parts is completed with `*`), 'Variables and tags' (`${*}`, `${?}` and variables are literal).
"""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ARN_PARTS = 6
_UNTYPED_SERVICES = frozenset({"s3", "sqs", "sns", "execute-api", "codecommit"})
"""Services whose ARNs name the resource without its type first: `arn:aws:sqs:eu-west-1:111122223333:orders`."""


def has_wildcard(text: str) -> bool:
    """Tell whether a text matches more than itself."""
    if "${" in text:
        text = _VARIABLE.sub("v", text)
    return "*" in text or "?" in text


def is_every_action(action: str) -> bool:
    """Tell whether an action names all actions of several services: `*`, `*:*`, `**`, `ia?:*`."""
    service, colon, name = action.partition(":")
    return has_wildcard(service) and (not colon or not name.strip("*?"))


def is_every_action_of_a_service(action: str) -> bool:
    """Tell whether an action names all actions of one service: `sqs:*`, `sqs:**`."""
    service, _, name = action.partition(":")
    return not has_wildcard(service) and bool(name) and not name.strip("*?")


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
    return _is_nameless(_name_of(service, account, resource))


def _name_of(service: str, account: str, resource: str) -> str:
    segments = [segment for segment in resource.replace(":", "/").split("/") if segment]
    untyped = service in _UNTYPED_SERVICES and not (service == "s3" and account)
    if untyped or not segments:
        return segments[0] if segments else "*"
    if has_wildcard(segments[0]):
        return "*"
    return segments[1] if len(segments) > 1 else segments[0]


def _is_nameless(name: str) -> bool:
    return has_wildcard(name) and not any(character.isalnum() for character in name)
