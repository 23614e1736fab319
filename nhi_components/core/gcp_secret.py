"""A secret of Secret Manager that belongs to one identity: where it is kept, and what becomes of it by itself."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from nhi_components.core.secret import SecretSpec


class GcpSecretSpec(SecretSpec):
    """A secret of Secret Manager.

    Attributes:
        locations: where its values are kept, such as `europe-west3`; empty: wherever Google chooses.
        expires: whether Secret Manager itself removes it, with all values, once the identity's grace period is over;
            until then nobody reads it from the end date on, and it can be restored.
        destroyed_after_days: 1 to 1,000: how long a version that is destroyed can be brought back; None: not at all
            (REST, `projects.secrets`: versionDestroyTtl).
    """

    subject: ClassVar[str] = "secret"

    locations: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+\d{1,2}$")], ...], Field(max_length=20)
    ] = ()
    expires: bool = True
    destroyed_after_days: Annotated[int, Field(ge=1, le=1000)] | None = None
