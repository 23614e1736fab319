"""A scoped secret: its place and how it gets its first value; never the value."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from nhi_components.core.model import Spec


class SecretSpec(Spec):
    """A secret that belongs to one identity and that only this identity may read.

    Attributes:
        generate_bytes: 16 to 64: our provider puts a random first value of that many bytes straight into the system,
            where it stays; None: the place is made empty and the owner writes the value there.
        description: shown beside it in the system.
    """

    subject: ClassVar[str] = "secret"

    generate_bytes: Annotated[int, Field(ge=16, le=64)] | None = 32
    description: Annotated[str, Field(max_length=200)] = ""
