"""One credential of an identity: its source, its places, its rotation, its dependents."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import AnyPlace, PlaceSpec
from nhi_components.core.credential.rotation import Rotation
from nhi_components.core.credential.sources import AnySource, SourceSpec
from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import LeaseTags

MOST_PLACES = 12
"""Our own figure: the home's notes have one for each place, and every system keeps that many."""

_HOMES = "vault-kv, secrets-manager, gcp-secret, key-vault or kubernetes-secret"


WhyNotFederated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=20, max_length=400)]
"""Why nothing vouches for a workload, so that it needs a key: a sentence or two."""


def home_first(places: tuple[AnyPlace, ...]) -> tuple[AnyPlace, ...]:
    """Check that the first place can be the home, and that none is named twice."""
    if not places:
        raise wrong(got="no place", expected="at least one", fix="name where the credential is delivered")
    if not places[0].can_be_home:
        fix = "put one of them first: it keeps the journal of rotations, and a killed run goes on from there"
        raise wrong(got=f"{places[0].kind} first", expected=f"{_HOMES} first", fix=fix)
    told = [place.model_dump_json(exclude={"mount"}) for place in places]
    if len(set(told)) != len(told):
        fix = "remove the repeated one; two entries of one Vault need different paths, also on different mounts"
        raise wrong(got="the same place twice", expected="each place once", fix=fix)
    return places


Places = Annotated[tuple[AnyPlace, ...], Field(max_length=MOST_PLACES), AfterValidator(home_first)]
"""Where a credential is delivered; the first is its home."""


def _distinct(dependents: tuple[Dependent, ...]) -> tuple[Dependent, ...]:
    names = [dependent.name for dependent in dependents]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise wrong(got=", ".join(twice), expected="each name once", fix="give each dependent a name of its own")
    return dependents


Dependents = Annotated[tuple[Dependent, ...], Field(max_length=50), AfterValidator(_distinct)]


class CredentialSpec(Spec):
    """One credential of an identity.

    Attributes:
        source: what issues it.
        places: where it is delivered; the first is its home: it can be read back, and keeps the journal.
        rotation: when it is replaced.
        dependents: what uses it.
        generation: raise it to have the credential replaced by the next `up`.
    """

    subject: ClassVar[str] = "credential"

    source: AnySource
    places: Places
    rotation: Rotation = Rotation()
    dependents: Dependents = ()
    generation: Annotated[int, Field(ge=1)] = 1

    @field_validator("rotation")
    @classmethod
    def _within_cadence(cls, rotation: Rotation, info: ValidationInfo) -> Rotation:
        source: SourceSpec | None = info.data.get("source")
        return rotation.judged_for(source.kind) if source else rotation

    def resolved(self, tags: LeaseTags) -> CredentialSpec:
        """Fill in the names that are the identity's own."""
        places: tuple[PlaceSpec, ...] = tuple(place.resolved(tags) for place in self.places)
        return self.model_copy(update={"source": self.source.resolved(tags), "places": places})
