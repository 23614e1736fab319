"""The actions by which one AWS principal becomes another, or changes what it is granted. Data for `aws.identities`.

Sources: as in `aws.escalation`; IAM user guide and API reference for what each call does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

ASSUME: Final = "sts:assumerole"
CREATE_VERSION: Final = "iam:createpolicyversion"


class Takeover(NamedTuple):
    """One call on a principal that is named.

    Attributes:
        action: in lower case.
        how: what the caller may do, as people say it, before the name of the principal.
    """

    action: str
    how: str


BECOMING: Final[Mapping[str, tuple[Takeover, ...]]] = {
    "role": (Takeover("iam:updateassumerolepolicy", "let itself into"),),
    "user": (
        Takeover("iam:createaccesskey", "make an access key of"),
        Takeover("iam:createloginprofile", "give a password to"),
        Takeover("iam:updateloginprofile", "change the password of"),
    ),
    "group": (Takeover("iam:addusertogroup", "join"),),
}
"""By the kind of principal: what makes the caller that principal, alone."""

REWRITING: Final[Mapping[str, tuple[Takeover, ...]]] = {
    "role": (
        Takeover("iam:attachrolepolicy", "attach any policy to"),
        Takeover("iam:putrolepolicy", "write a policy of"),
    ),
    "user": (
        Takeover("iam:attachuserpolicy", "attach any policy to"),
        Takeover("iam:putuserpolicy", "write a policy of"),
    ),
    "group": (
        Takeover("iam:attachgrouppolicy", "attach any policy to"),
        Takeover("iam:putgrouppolicy", "write a policy of"),
    ),
}
"""By the kind of principal: what changes its grants to anything."""
