"""Federated identity credentials: whose tokens an application or a managed identity trusts in place of a secret.

Sources: Microsoft Entra, 'Overview of federated identity credentials', 'Important considerations and restrictions for
federated identity credentials' (20 of each, issuer and subject unique, one audience, 600 characters, changes take a
while, no concurrent writes under a managed identity), 'Microsoft Entra authentication and authorization error codes'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import errors
from tools.doubles.azure.delayed import Clock, Delayed
from tools.doubles.messages import Refusal

MOST: Final = 20
LONGEST: Final = 600
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_ISSUER = re.compile(r"https://[^\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s]*)?")
_MORE = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"


@dataclass(frozen=True, slots=True)
class Federated:
    """One credential.

    Attributes:
        id: its own.
        name: unique among those of its owner.
        issuer: what the token's `iss` must be, exactly.
        subject: what its `sub` must be, exactly.
        audience: what its `aud` must be.
        description: free text.
    """

    id: str
    name: str
    issuer: str
    subject: str
    audience: str
    description: str = ""

    def shown(self) -> dict[str, Any]:
        """What Graph shows of it; Azure Resource Manager, a part of that."""
        told = {"id": self.id, "name": self.name, "description": self.description or None}
        return told | {"issuer": self.issuer, "subject": self.subject, "audiences": [self.audience]}


class Wrong(ValueError):
    """A credential that there can't be.

    Attributes:
        is_conflict: whether it is another one's doing.
    """

    def __init__(self, text: str, *, is_conflict: bool = False) -> None:
        self.is_conflict = is_conflict
        super().__init__(text)


class Federation:
    """The credentials of every owner: an application's object id, or a managed identity's resource id.

    Attributes:
        most: how many an owner may have.
    """

    def __init__(self, now: Clock, lag: Callable[[], timedelta]) -> None:
        self.most = MOST
        self._kept: Delayed[Federated] = Delayed(now, lag)

    def of(self, owner: str) -> list[Federated]:
        """Those of an owner, as they were written last."""
        return [each for key, each in self._kept.written.items() if key.startswith(f"{owner.lower()} ")]

    def find(self, owner: str, name: str) -> Federated | None:
        """One of an owner's, by its name or id."""
        return next((each for each in self.of(owner) if name.lower() in (each.name.lower(), each.id.lower())), None)

    def put(self, owner: str, name: str, asked: Mapping[str, Any]) -> tuple[Federated, bool]:
        """Make or change one: it, and whether it is new.

        Raises:
            Wrong: for one that there can't be.
        """
        present = self.find(owner, name)
        made = _checked(present.id if present else str(uuid4()), present.name if present else name, asked)
        others = [each for each in self.of(owner) if each.name.lower() != made.name.lower()]
        twin = next((each for each in others if (each.issuer, each.subject) == (made.issuer, made.subject)), None)
        if twin is not None:
            text = f"Issuer and subject combination already exists for this Managed Identity: '{twin.name}'."
            raise Wrong(text, is_conflict=True)
        if present is None and len(others) >= self.most:
            raise Wrong(f"There are {self.most} federated identity credentials already, and no more are allowed.")
        if made != present:
            self._kept.put(_key(owner, made.name), made)
        return made, present is None

    def remove(self, owner: str, name: str) -> Federated | None:
        """Remove one."""
        found = self.find(owner, name)
        return self._kept.remove(_key(owner, found.name)) if found else None

    def remove_all(self, owner: str) -> None:
        """Remove those of an owner that is gone."""
        for each in self.of(owner):
            self._kept.remove(_key(owner, each.name))

    def judge(self, owner: str, client: str, claims: Mapping[str, Any]) -> None:
        """Refuse an assertion that none of an owner's credentials trusts, as Entra words it."""
        keys = [key for key in self._kept.keys() if key.startswith(f"{owner.lower()} ")]  # noqa: SIM118 - no mapping
        counting = [each for key in keys if (each := self._kept.counting(key)) is not None]
        audiences = claims.get("aud")
        told = {str(each) for each in (audiences if isinstance(audiences, list) else [audiences])}
        issuer, subject = str(claims.get("iss")), str(claims.get("sub"))
        if not counting:
            raise _refused(70025, f"The client '{client}' has no configured federated identity credentials.")
        same_issuer = [each for each in counting if each.issuer == issuer]
        if not same_issuer:
            raise _unmatched(700211, "issuer", issuer)
        same_subject = [each for each in same_issuer if each.subject == subject]
        if not same_subject:
            if any(each.subject.lower() == subject.lower() for each in same_issuer):
                but = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison."
                raise _unmatched(7002138, "subject", subject, but)
            raise _unmatched(700213, "subject", subject)
        if not any(each.audience in told for each in same_subject):
            raise _unmatched(700212, "audience", ", ".join(sorted(told)))


def _key(owner: str, name: str) -> str:
    return f"{owner.lower()} {name.lower()}"


def _checked(id_: str, name: str, asked: Mapping[str, Any]) -> Federated:
    audiences = asked.get("audiences")
    issuer, subject = str(asked.get("issuer") or ""), str(asked.get("subject") or "")
    description = str(asked.get("description") or "")
    if _NAME.fullmatch(name) is None:
        raise Wrong(f"The name '{name}' must have 3 to 120 letters, digits, hyphens and underscores.")
    if not isinstance(audiences, list) or len(audiences) != 1 or not audiences[0]:
        raise Wrong("There must be exactly one audience.")
    if _ISSUER.fullmatch(issuer) is None:
        raise Wrong("The issuer must be an https URL.")
    if not subject:
        raise Wrong("The subject is missing.")
    if max(map(len, (issuer, subject, str(audiences[0]), description))) > LONGEST:
        raise Wrong(f"Issuer, subject, audience and description have at most {LONGEST} characters.")
    if "*" in issuer or "*" in subject:
        raise Wrong("Wildcards are supported in no property.")
    return Federated(id_, name, issuer, subject, str(audiences[0]), description)


def _unmatched(number: int, what: str, value: str, but: str = "") -> Refusal:
    text = f"No matching federated identity record found for presented assertion {what} '{value}'. {but}".rstrip()
    checks = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
    return _refused(number, f"{text} {checks} {_MORE}")


def _refused(number: int, text: str) -> Refusal:
    return errors.entra(401, "invalid_client", number, text)
