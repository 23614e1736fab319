"""Reading, changing and writing back an allow policy, as the real provider does it.

Bindings are known by role and condition (expression, title and description together); nobody else's member is lost:
a policy goes back with the etag it came with, and a conflict makes it be read again.
Source: terraform-provider-google 8.0, `tpgiamresource/iam.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from tools.plugins.gcp.google import Google, GoogleError

VERSION = 3
_CONFIRMATIONS = 3
_LONGEST_PAUSE = 30.0
_BY_LETTER = ("principal:", "principalSet:", "principalHierarchy:")

Policy = dict[str, Any]
Key = tuple[str, str, str, str]
"""Role, and the condition's title, description and expression."""


class PolicyCalls(Protocol):
    """How a kind of resource lets its policy be read and written."""

    def get(self, google: Google, resource: str) -> Policy:
        """Read the policy of a resource, given by its path below the service's address."""

    def set(self, google: Google, resource: str, policy: Policy) -> None:
        """Write it."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One member of one binding.

    Attributes:
        role: the role.
        member: as in the program.
        condition: with `expression`, `title` and perhaps `description`; None for none.
    """

    role: str
    member: str
    condition: Mapping[str, str] | None

    @property
    def key(self) -> Key:
        """What its binding is known by."""
        return _key(self.role, self.condition)

    def added(self, policy: Policy) -> Policy:
        """The policy with it."""
        bindings = _merged(policy)
        members = bindings.setdefault(self.key, [])
        if spelled(self.member) not in members:
            members.append(spelled(self.member))
        return {**policy, "bindings": _listed(bindings), "version": VERSION}

    def removed(self, policy: Policy) -> Policy:
        """The policy without it."""
        bindings = _merged(policy)
        kept = [each for each in bindings.get(self.key, []) if each != spelled(self.member)]
        return {**policy, "bindings": _listed({**bindings, self.key: kept})}

    def found(self, policy: Policy) -> str | None:
        """How the policy spells the member; None when it is not there."""
        for binding in policy.get("bindings", ()):
            if _key(binding["role"], binding.get("condition")) == self.key:
                same = [each for each in binding["members"] if each.lower() == self.member.lower()]
                return same[-1] if same else None
        return None


def change(
    google: Google, calls: PolicyCalls, resource: str, changed: Callable[[Policy], Policy], described: str
) -> None:
    """Read a policy, change it, write it, and read it three times more.

    Raises:
        GoogleError: it can't be read or written, or others change it again and again.
    """
    pause = 1.0
    with google.lock(resource):
        while True:
            try:
                policy = changed(calls.get(google, resource))
            except GoogleError as error:
                raise error.during(f"Error retrieving IAM policy for {described}") from None
            try:
                calls.set(google, resource, policy)
            except GoogleError as error:
                if error.status != HTTPStatus.CONFLICT:
                    raise error.during(f"Error applying IAM policy for {described}") from None
                google.sleep(pause)
                pause *= 2
                if pause > _LONGEST_PAUSE:
                    told = f"Error applying IAM policy to {described}: Too many conflicts.  Latest error"
                    raise error.during(told) from None
                continue
            # The real provider waits a second before each; the double shows a change at once.
            for _ in range(_CONFIRMATIONS):
                calls.get(google, resource)
            return


def spelled(member: str) -> str:
    """Spell a member as policies have it: addresses in small letters."""
    kind, colon, rest = member.partition(":")
    if kind in ("deleted", "iamMember"):
        return f"{kind}{colon}{spelled(rest)}"
    return member if member.startswith(_BY_LETTER) else f"{kind}{colon}{rest.lower()}"


def _key(role: str, condition: Mapping[str, str] | None) -> Key:
    told = condition or {}
    return role, told.get("title") or "", told.get("description") or "", told.get("expression") or ""


def _merged(policy: Policy) -> dict[Key, list[str]]:
    bindings: dict[Key, list[str]] = {}
    for binding in policy.get("bindings", ()):
        members = bindings.setdefault(_key(binding["role"], binding.get("condition")), [])
        members += [spelled(each) for each in binding.get("members", ()) if spelled(each) not in members]
    return bindings


def _listed(bindings: Mapping[Key, list[str]]) -> list[dict[str, Any]]:
    return [_binding(key, members) for key, members in sorted(bindings.items()) if members]


def _binding(key: Key, members: list[str]) -> dict[str, Any]:
    role, title, description, expression = key
    binding: dict[str, Any] = {"role": role, "members": members}
    if expression:
        told = {"expression": expression, "title": title, "description": description}
        binding["condition"] = {name: value for name, value in told.items() if value}
    return binding
