"""The protocol of hooks, version 1: what is asked, and what may be answered; docs/hooks.md is its description.

No text that is made here holds anything of an answer but its own `error`, with what was sent as a value taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from nhi_components.core.tags import LeaseTags

VERSION = 1
LONGEST_ERROR = 300

_KNOWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
_HIDDEN = "(hidden)"


class Action(StrEnum):
    """What a hook can be asked."""

    DESCRIBE = "describe"
    KEYS_LIST = "keys.list"
    KEYS_CREATE = "keys.create"
    KEYS_DISABLE = "keys.disable"
    KEYS_ENABLE = "keys.enable"
    KEYS_DELETE = "keys.delete"
    KEYS_TEST = "keys.test"
    KEYS_LAST_USED = "keys.last_used"
    ACCOUNT_ENSURE = "account.ensure"
    ACCOUNT_FIND = "account.find"
    ACCOUNT_SUSPEND = "account.suspend"
    ACCOUNT_RESTORE = "account.restore"
    ACCOUNT_DELETE = "account.delete"


KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/=+@-]{1,128}$")]
"""Of the alphabet of tags: the id is noted beside the credential, and shown to people."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
FieldValue = Annotated[str, StringConstraints(min_length=1, max_length=65_536)]
Name = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


class Done(BaseModel):
    """It was done; every other answer extends this one. Unknown fields and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    ok: Literal[True]


class Description(Done):
    """What the hook can do.

    Attributes:
        most: how many keys of an account may exist at a time; None where there is no limit that matters.
        can_disable: whether a key can be disabled and enabled again.
        tells_use: whether it tells when a key was last used.
        accounts: whether it makes and removes accounts.
    """

    most: Annotated[int, Field(ge=1)] | None = None
    can_disable: bool = False
    tells_use: bool = False
    accounts: bool = False


class ListedKey(BaseModel):
    """One key; never its value."""

    model_config = Done.model_config

    key_id: KeyId
    enabled: bool
    created_at: AwareDatetime | None = None
    ends: AwareDatetime | None = None


class Keys(Done):
    """Every key of the account, oldest first; none when there is no such account."""

    keys: tuple[ListedKey, ...]

    @field_validator("keys")
    @classmethod
    def _distinct(cls, keys: tuple[ListedKey, ...]) -> tuple[ListedKey, ...]:
        if len({key.key_id for key in keys}) != len(keys):
            raise ValueError("each key once")
        return keys


class Made(Done):
    """A key that was just made, with what its holder needs."""

    key_id: KeyId
    fields: Annotated[dict[FieldName, FieldValue], Field(min_length=1, max_length=50, repr=False)]


class Tried(Done):
    """Whether a key was accepted when it was used."""

    works: bool


class LastUsed(Done):
    """When a key was last used; None: never."""

    last_used: AwareDatetime | None


class FoundAccount(BaseModel):
    """An account.

    Attributes:
        id: the system's own id of it, which no other account ever has.
        lease: the lease with which it was ensured; None when it was not made by the hook.
        active: whether it can be used.
        suspended_at: since when it can't; None where it can, or that is not known.
    """

    model_config = Done.model_config

    id: Name
    lease: Name | None
    active: bool
    suspended_at: AwareDatetime | None = None


class Found(Done):
    """The account; None when there is none."""

    account: FoundAccount | None


class Refusal(BaseModel):
    """The hook understood, and did not do it.

    Attributes:
        error: why, for people; never a value.
        code: `limit`: as many keys exist as may; `unauthorized`: the system refuses the hook's own credentials;
            `unavailable`: the system does not answer it; `refused`: anything else.
    """

    model_config = Done.model_config

    ok: Literal[False]
    error: Annotated[str, StringConstraints(min_length=1)]
    code: Literal["refused", "limit", "unauthorized", "unavailable"] = "refused"

    def shown(self, values: Iterable[str]) -> str:
        """The error on one line, without any of the values that are known."""
        text = self.error
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, _HIDDEN) if value else text
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR - 1]}…"


class _Head(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    ok: bool


class Malformed(Exception):
    """An answer that is not of the protocol.

    Attributes:
        got: what is wrong with it, without anything of it but names of fields.
        expected: what would have been accepted.
    """

    def __init__(self, got: str, expected: str) -> None:
        self.got, self.expected = got, expected
        super().__init__(f"got {got}, expected {expected}")


_A = TypeVar("_A", bound=Done)


def request_of(action: StrEnum, facts: Mapping[str, Any]) -> bytes:
    """Write a request."""
    return json.dumps({"version": VERSION, "action": str(action), **facts}).encode()


def lease_facts(lease: LeaseTags) -> dict[str, str]:
    """Tell a hook for whom it works."""
    return {
        "lease": lease.lease,
        "identity": lease.identity,
        "environment": lease.environment,
        "owner": lease.owner,
        "purpose": lease.purpose,
        "ends": lease.ends.isoformat(),
        "stack": lease.stack,
    }


def answer_of(content: bytes, model: type[_A]) -> _A | Refusal:
    """Read an answer.

    Raises:
        Malformed: it is not of the protocol.
    """
    try:
        if _Head.model_validate_json(content).ok:
            return model.model_validate_json(content)
        return Refusal.model_validate_json(content)
    except ValidationError as error:
        raise _malformed(error) from None


def _malformed(error: ValidationError) -> Malformed:
    wrongs = error.errors(include_url=False, include_input=False, include_context=False)
    first, more = wrongs[0], len(wrongs) - 1
    place = ".".join(_told(part) for part in first["loc"]) or "the answer"
    match first["type"]:
        case "missing":
            got, expected = f"no field {place}", "it"
        case "extra_forbidden":
            got, expected = f"{place}, a field that is not of the protocol", "only fields of the protocol"
        case "json_invalid":
            got, expected = "no JSON", "one JSON object in UTF-8, and nothing else"
        case _:
            got, expected = f"another {place}", first["msg"][:1].lower() + first["msg"][1:]
    return Malformed(f"{got}{f' and {more} more problems' if more else ''}", expected)


def _told(part: int | str) -> str:
    """Name a field, unless it may be a value that stands in a name's place."""
    return str(part) if isinstance(part, int) or _KNOWN_NAME.fullmatch(part) else _HIDDEN
