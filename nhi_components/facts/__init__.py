"""Facts: what rules look at, and the readers that make them. Nothing here judges, reads a clock or calls a system."""

from nhi_components.facts.collection import Facts, Surroundings
from nhi_components.facts.documents import DocumentKind, Platform, read_document
from nhi_components.facts.model import (
    DeclaredGrants,
    Fact,
    NotYetKnown,
    Ownership,
    Resource,
    StandingCredential,
    Unjudged,
)
from nhi_components.facts.pulumi_reader import PulumiResource, read_pulumi_resource
from nhi_components.facts.values import UNKNOWN, Unknown

__all__ = [
    "UNKNOWN",
    "DeclaredGrants",
    "DocumentKind",
    "Fact",
    "Facts",
    "NotYetKnown",
    "Ownership",
    "Platform",
    "PulumiResource",
    "Resource",
    "StandingCredential",
    "Surroundings",
    "Unjudged",
    "Unknown",
    "read_document",
    "read_pulumi_resource",
]
