"""What every identity is made from whose credential our provider issues, delivers and rotates."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.rotation import Rotation, SourceKind
from nhi_components.core.credential.sources import AnySource
from nhi_components.core.credential.spec import CredentialSpec, Dependents, Places, WhyNotFederated
from nhi_components.core.spec import BundleSpec

USUAL_ROTATION = Rotation()
"""As often as is usual for what is issued."""


class IssuedSpec(BundleSpec):
    """The part of a specification that is the same whatever is issued.

    Attributes:
        places: where the credential is delivered; the first keeps the journal.
        rotation: when it is replaced: as is usual for its source unless said otherwise, and as late as that allows.
        dependents: what uses it.
        generation: raise it to have it replaced by the next `up`.
        connection: the connection that reaches its source.
    """

    issues: ClassVar[SourceKind]

    places: Places
    rotation: Rotation = USUAL_ROTATION
    dependents: Dependents = ()
    generation: Annotated[int, Field(ge=1)] = 1
    connection: str = DEFAULT

    @field_validator("rotation")
    @classmethod
    def _within_cadence(cls, rotation: Rotation) -> Rotation:
        return rotation.judged_for(cls.issues)

    @property
    @abstractmethod
    def source(self) -> AnySource:
        """What issues the credential."""

    @property
    def credential(self) -> CredentialSpec:
        """The identity's one credential."""
        return CredentialSpec(
            source=self.source,
            places=self.places,
            rotation=self.rotation,
            dependents=self.dependents,
            generation=self.generation,
        )


class _LastResort(BundleSpec):
    why_not_federated: WhyNotFederated


class StandingKeySpec(IssuedSpec, _LastResort):
    """The same of a standing key, which is the last resort of a platform that could federate.

    Attributes:
        why_not_federated: why nothing vouches for the workload, so that it needs a key: 20 to 400 characters.
    """
