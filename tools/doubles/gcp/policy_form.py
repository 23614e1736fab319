"""What an allow policy holds: read from JSON and judged, and shown again.

Sources: IAM documentation, 'Allow policies' (versions), 'Quotas and limits' (members, logical operators), 'Overview of
IAM Conditions' (basic roles and the public take none), 'Troubleshoot withcond in policies and role bindings'; REST
reference `Policy`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.doubles.gcp.cel import CelError
from tools.doubles.gcp.conditions import check_policy_condition
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.members import PUBLIC, Members
from tools.doubles.gcp.resources import kind_of
from tools.doubles.gcp.roles import Roles

MOST_MEMBERS: Final = 1500
NEVER_SET: Final = "ACAB"
"""The etag of a policy that was never set."""

WITH_CONDITIONS: Final = 3
VERSIONS: Final = (0, 1, WITH_CONDITIONS)
BASIC: Final = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_LOGICAL: Final = ("&&", "||", "!")
_MOST_LOGICAL: Final = 12
_LONGEST_TITLE: Final = 100
_LONGEST_DESCRIPTION: Final = 256
_HASH: Final = 20
_MORE: Final = "For more information, please refer to https://cloud.google.com/iam/docs/policies#versions."


@dataclass(frozen=True, slots=True)
class Binding:
    """One role under one condition.

    Attributes:
        role: its name.
        condition: its JSON; empty for none.
        members: as they are kept.
    """

    role: str
    condition: str
    members: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The condition's expression; empty for none."""
        return str(json.loads(self.condition)["expression"]) if self.condition else ""


@dataclass(frozen=True, slots=True)
class Policy:
    """An allow policy: bindings, etag, audit configurations."""

    bindings: tuple[Binding, ...] = ()
    etag: str = NEVER_SET
    audit: tuple[Any, ...] = ()

    @property
    def version(self) -> int:
        """3 with conditions, else 1."""
        return WITH_CONDITIONS if any(each.condition for each in self.bindings) else 1


class PolicyForm:
    """Reads policies and shows them."""

    def __init__(self, members: Members, roles: Roles) -> None:
        self._members, self._roles = members, roles

    def shown(self, policy: Policy, version: int) -> dict[str, Any]:
        """Show a policy; below version 3 with its conditions hidden behind the role's name.

        Raises:
            Refusal: 400 for a version that there is none of.
        """
        if version not in VERSIONS:
            raise refuse("INVALID_ARGUMENT", f"Requested policy version ({version}) is not valid. {_MORE}")
        bindings = []
        for binding in policy.bindings:
            members = sorted(filter(None, (self._members.shown(each) for each in binding.members)))
            if not members:
                continue
            shown: dict[str, Any] = {"role": binding.role, "members": members}
            if binding.condition and version == WITH_CONDITIONS:
                shown["condition"] = json.loads(binding.condition)
            elif binding.condition:
                digest = hashlib.sha256(binding.condition.encode()).hexdigest()[:_HASH]
                shown["role"] = f"{binding.role}_withcond_{digest}"
            bindings.append(shown)
        answer: dict[str, Any] = {"version": policy.version if version == WITH_CONDITIONS else 1, "etag": policy.etag}
        if policy.etag == NEVER_SET:
            del answer["version"]
        answer |= {"bindings": bindings} if bindings else {}
        return answer | ({"auditConfigs": list(policy.audit)} if policy.audit else {})

    def read(
        self, resource: str, policy: Mapping[str, Any], stands: Policy, *, conditions: bool
    ) -> tuple[Binding, ...]:
        """Read the bindings of a policy that is to be set.

        Args:
            resource: relative name.
            policy: as it came.
            stands: the policy that it takes the place of: what is in it may stay.
            conditions: whether the resource takes conditional bindings.

        Raises:
            Refusal: 400 for what no policy may be.
        """
        known = {(each.role, member) for each in stands.bindings for member in each.members}
        bindings: dict[tuple[str, str], set[str]] = {}
        for binding in policy.get("bindings") or ():
            role = str(binding.get("role", ""))
            condition = self._condition(binding.get("condition"), allowed=conditions)
            members = {self._kept(each, known) for each in binding.get("members") or ()}
            if condition and (role in BASIC or not members.isdisjoint(PUBLIC)):
                said = (
                    f"Conditions cannot be used with {role if role in BASIC else 'allUsers and allAuthenticatedUsers'}."
                )
                raise refuse("INVALID_ARGUMENT", said)
            stays = members and all((role, each) in known for each in members)
            problem = "" if stays else self._roles.problem(role, resource, kind_of(resource).permissions)
            if problem:
                raise refuse("INVALID_ARGUMENT", problem)
            bindings.setdefault((role, condition), set()).update(members)
        number = len({each for members in bindings.values() for each in members})
        if number > MOST_MEMBERS:
            said = f"The number of members in the policy ({number:,}) is larger than the maximum allowed size 1,500."
            raise refuse("INVALID_ARGUMENT", said)
        return tuple(Binding(*key, tuple(sorted(members))) for key, members in sorted(bindings.items()) if members)

    def _kept(self, member: str, known: Iterable[tuple[str, str]]) -> str:
        # What stands in the policy may stay there, also when it could not be added any more.
        stays = next((kept for _, kept in known if kept == member or self._members.shown(kept) == member), None)
        return stays or self._members.kept(member)

    def _condition(self, condition: Mapping[str, str] | None, *, allowed: bool) -> str:
        if not condition:
            return ""
        if not allowed:
            raise refuse("INVALID_ARGUMENT", "Conditions are not supported on this resource.")
        title, expression = condition.get("title", ""), condition.get("expression", "")
        if not title or len(title) > _LONGEST_TITLE:
            raise refuse("INVALID_ARGUMENT", f"Condition title must have 1 to {_LONGEST_TITLE} characters.")
        if len(condition.get("description", "")) > _LONGEST_DESCRIPTION:
            raise refuse(
                "INVALID_ARGUMENT", f"Condition description must have at most {_LONGEST_DESCRIPTION} characters."
            )
        if sum(expression.count(each) for each in _LOGICAL) > _MOST_LOGICAL:
            said = f"Condition expression has more than {_MOST_LOGICAL} logical operators."
            raise refuse("INVALID_ARGUMENT", said)
        try:
            check_policy_condition(expression)
        except CelError as error:
            raise refuse("INVALID_ARGUMENT", f"Condition expression could not be compiled: {error}") from None
        known = {
            key: condition[key] for key in ("expression", "title", "description", "location") if condition.get(key)
        }
        return json.dumps(known, sort_keys=True)

    def judge_version(self, asked: int, changed: Policy, stands: Policy) -> None:
        """Refuse a policy with conditions, or in the place of one, that is set at a lower version."""
        if asked not in VERSIONS:
            raise refuse("INVALID_ARGUMENT", f"Specified policy version ({asked}) is not valid. {_MORE}")
        needed = max(changed.version, stands.version)
        if WITH_CONDITIONS == needed != asked:
            whose = "the existing" if stands.version == needed else "the required"
            raise refuse(
                "INVALID_ARGUMENT",
                f"Specified policy version ({asked}) cannot be less than {whose} policy version ({needed}). {_MORE}",
            )
