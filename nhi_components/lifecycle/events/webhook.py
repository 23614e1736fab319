"""What is posted to the receiver, and by which proof: a signature of the body, or a key in a header.

Sources: GitHub, 'Validating webhook deliveries' (HMAC-SHA256 of the body in X-Hub-Signature-256); EventBridge user
guide, 'API destinations as targets' (a key in a header that the connection names, no signature); RFC 6750 for bearers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong
from nhi_components.lifecycle.events.ports import EVERYTHING, Event, Told, Unreadable, text_in, together
from nhi_components.lifecycle.events.systems import reading_of

SHORTEST: Final = 16
"""Characters of a secret; GitHub asks for 'a random string of text with high entropy': the figure is our own."""
SIGNATURE: Final = "x-hub-signature-256"
KEY: Final = "x-api-key"

Headers = Mapping[str, str]
"""By their names in lower case."""

_Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class PostedEvent(Spec):
    """One event, as programs of yours post it.

    Attributes:
        system: where it happened.
        place: in which account, cluster or server, as `nhi discover` calls it; empty for the system's only one.
        id: told again, it is the same.
        at: when.
        what: such as `iam:CreateRole`.
        sections: patterns of the sections that it makes stale; all of them when it says none.
    """

    subject: ClassVar[str] = "event"

    system: System
    place: Annotated[str, StringConstraints(max_length=1000)] = ""
    id: _Text
    at: AwareDatetime
    what: _Text
    sections: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=1000)] = EVERYTHING


class Posted(Spec):
    """What programs of yours post: events, or records as a system writes them.

    Attributes:
        events: what happened.
        system: whose the records are.
        place: of which account, cluster or server, for records that do not tell it.
        records: as the system's log has them.
    """

    subject: ClassVar[str] = "body"

    events: tuple[PostedEvent, ...] = ()
    system: System | None = None
    place: Annotated[str, StringConstraints(max_length=1000)] = ""
    records: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _records_are_of_a_system(self) -> Self:
        if self.records and self.system is None:
            raise wrong(got="records of no system", expected="records with their `system`", fix="name it")
        return self


def is_proved(secret: bytes, headers: Headers, body: bytes) -> bool:
    """Tell whether who sent a body knows the secret; a signature that is there has to be right, whatever else is."""
    if (signature := headers.get(SIGNATURE)) is not None:
        right = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), right.encode())
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    shown = bearer.strip() if scheme.lower() == "bearer" else headers.get(KEY, "")
    return hmac.compare_digest(shown.encode(), secret)


def of_generic(_: Headers, body: Mapping[str, Any], __: datetime) -> Told:
    """Tell what a program of yours has posted.

    Raises:
        Unreadable: it is not of that shape.
    """
    try:
        posted = Posted.parse(body)
        reading = reading_of(posted.system) if posted.system and posted.records else None
    except SpecError as error:
        # Of a problem only where it is and what belongs there: the rest may quote a value.
        raise Unreadable("; ".join(f"{each.path}: expected {each.expected}" for each in error.problems)) from None
    except NhiError as error:
        raise Unreadable(str(error)) from None
    told = [reading(record, posted.place) for record in posted.records] if reading else []
    return together([Told(tuple(map(_event, posted.events))), *told])


def of_github(headers: Headers, body: Mapping[str, Any], now: datetime) -> Told:
    """Tell what GitHub has posted.

    Raises:
        Unreadable: it is not of that shape.
    """
    from nhi_components.lifecycle.adapters.github.events import of_hook

    name, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    if not name or not delivery:
        raise Unreadable("X-GitHub-Event and X-GitHub-Delivery: nothing, expected the headers of a delivery")
    return of_hook(name, delivery, body, now)


def of_eventbridge(_: Headers, body: Mapping[str, Any], __: datetime) -> Told:
    """Tell what EventBridge has posted: a call that CloudTrail has recorded.

    Raises:
        Unreadable: it is not of that shape.
    """
    from nhi_components.lifecycle.adapters.aws.events import of_bridge

    if not text_in(body, "detail-type").startswith("AWS "):
        raise Unreadable("detail-type: another, expected `AWS API Call via CloudTrail`")
    return of_bridge(body)


ROUTES: Final[Mapping[str, Callable[[Headers, Mapping[str, Any], datetime], Told]]] = {
    "/events": of_generic,
    "/github": of_github,
    "/eventbridge": of_eventbridge,
}
"""What is posted where."""


def read_body(content: bytes) -> Mapping[str, Any]:
    """Read a body.

    Raises:
        Unreadable: it is no JSON object.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, Mapping):
        raise Unreadable("no JSON object, expected one")
    return body


def _event(posted: PostedEvent) -> Event:
    return Event(posted.system, posted.place, posted.id, posted.at, posted.what, posted.sections)
