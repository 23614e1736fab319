"""Taking an existing principal over: what a component has to know of it, and how its links tell that it was adopted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_trust import ACCOUNT_EMAIL
from nhi_components.core.links import Link
from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import LEASE

ADOPTED: Final = "adopted"
"""The attribute of a link with the name that a principal had before its lease; it keeps it."""

ADOPTED_ID: Final = "adoptedId"
"""The attribute with the unique id that it had; another of that name is not the one that was adopted."""

SUPERSEDED: Final = "superseded"
"""The attribute, a JSON list, with what hung on it by hand and leaves it once the lease's own grants are in place."""

OVERLAP: Final = "overlapSeconds"
"""The attribute, a number, with how long old and new grants stand side by side before what is superseded leaves."""

_OVERLAP_SECONDS: Final = 420
"""How long a changed policy may take to be seen (IAM documentation, 'Access change propagation': 2 minutes typically, 7
or more in some cases)."""

_OURS: Final = LEASE.partition(":")[0] + ":"


class AdoptedRole(Spec):
    """A role of IAM that was there before its component.

    Attributes:
        name: its name, which it keeps.
        path: its path, which it keeps.
        unique_id: its RoleId; one made anew under its name is refused.
        policies: names of inline policies and ARNs of managed ones that leave it once the lease's own policy is there.
        tags: tags that it keeps beside the lease's.
    """

    subject: ClassVar[str] = "adopted role"

    name: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
    path: Annotated[str, StringConstraints(pattern=r"^/([\x21-\x7e]+/)?$", max_length=512)] = "/"
    unique_id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{16,128}$")]
    policies: Annotated[
        Sequence[Annotated[str, StringConstraints(min_length=1, max_length=2048)]], AfterValidator(tuple)
    ] = ()
    tags: dict[Annotated[str, StringConstraints(min_length=1, max_length=128)], str] = Field(default_factory=dict)

    @field_validator("tags")
    @classmethod
    def _not_ours(cls, tags: dict[str, str]) -> dict[str, str]:
        if ours := sorted(tag for tag in tags if tag.startswith((_OURS, "aws:"))):
            fix = "remove them: the lease writes its own, and AWS those that begin with `aws:`"
            raise wrong(got=", ".join(ours), expected=f"tags that do not begin with `{_OURS}` or `aws:`", fix=fix)
        return tags

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the role's links say of it."""
        return {ADOPTED: self.name, ADOPTED_ID: self.unique_id, SUPERSEDED: json.dumps(list(self.policies))}


def _binding(name: str) -> str:
    try:
        BindingName.parse(name)
    except ValueError:
        fix = "write it like `projects/shop/topics/orders roles/pubsub.publisher serviceAccount:x@shop.iam…`"
        raise wrong(got=name, expected="a resource, a role and a member, with blanks between them", fix=fix) from None
    return name


class AdoptedServiceAccount(Spec):
    """A service account of Google Cloud that was there before its component.

    Attributes:
        email: its address, which it keeps.
        unique_id: its unique id; one made anew under its address is refused.
        bindings: what is bound for it, and on it, by hand, each as `RESOURCE ROLE MEMBER`; it leaves once the lease's
            own bindings are there.
        description: words that its description keeps before the lease's mark; empty for the identity's purpose.
        overlap_seconds: for how long the lease's bindings have to be there before the others leave, at most half an
            hour; IAM needs minutes to see them everywhere.
    """

    subject: ClassVar[str] = "adopted service account"

    email: Annotated[str, StringConstraints(pattern=rf"^{ACCOUNT_EMAIL.pattern}$")]
    unique_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,30}$")]
    bindings: Annotated[Sequence[Annotated[str, AfterValidator(_binding)]], AfterValidator(tuple)] = ()
    description: Annotated[str, StringConstraints(max_length=256)] = ""
    overlap_seconds: Annotated[int, Field(ge=0, le=1800)] = _OVERLAP_SECONDS

    @property
    def account_id(self) -> str:
        """The part of its address before the `@`."""
        return self.email.partition("@")[0]

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the account's links say of it."""
        superseded = json.dumps(list(self.bindings))
        told = {ADOPTED: self.email, ADOPTED_ID: self.unique_id, SUPERSEDED: superseded}
        return {**told, OVERLAP: str(self.overlap_seconds)}


def overlap_of(link: Link) -> int:
    """Tell for how many seconds old and new grants of an adopted principal stand side by side."""
    return int(link.attributes.get(OVERLAP, _OVERLAP_SECONDS))


def superseded_on(link: Link) -> tuple[str, ...]:
    """Tell what leaves an adopted principal once the lease's own grants are in place; nothing for any other."""
    return tuple(json.loads(link.attributes.get(SUPERSEDED, "[]")))
