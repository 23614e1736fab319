"""An open session of a role: the canary that is tried after the removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from nhi_components.lifecycle.adapters.aws.errors import ABSENT, ACTION_DENIED, CREDENTIALS_REFUSED, code_of

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

SESSION_SECONDS = 3600
"""The longest session that every role allows (STS AssumeRole: a role's maximum is set between 1 and 12 hours)."""


@dataclass(frozen=True, slots=True)
class RoleSession:
    """An open session of a role.

    Attributes:
        role: the role's name.
        ends: when the session ends by itself; a refusal after that proves nothing.
        iam: a client that speaks with the session's credentials.
    """

    role: str
    ends: datetime
    iam: IAMClient = field(repr=False)

    def works(self) -> bool:
        """Tell whether the session may still read its own role, as the canary's policy allows.

        AWS checks the permission before it looks for the role, so 'no such role' means that the session still works.
        """
        try:
            self.iam.get_role(RoleName=self.role)
        except ClientError as error:
            if code_of(error) in ACTION_DENIED | CREDENTIALS_REFUSED:
                return False
            if code_of(error) not in ABSENT:
                raise
        return True
