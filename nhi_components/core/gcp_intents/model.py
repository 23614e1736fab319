"""What an intent on Google Cloud says besides: on what kind of resource it is bound, and which role comes nearest.

Its actions are permissions, which one custom role holds, all of them evaluated on the resource that it is bound on or
on what lies in it. Where they are about credentials, its action is a predefined role: a custom role that reads secrets
or mints tokens would wait in the project for whoever binds it more widely.
"""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.core.gcp_resource import ResourceKind, pattern_of
from nhi_components.core.intents import Intent, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpIntent(Intent):
    """One job that an identity does on Google Cloud.

    Attributes:
        kind: the kind of resource that it is bound on.
        nearest: the predefined role that a person would take for the job; it has all permissions of the intent, and is
            its action where that is a role.
    """

    kind: ResourceKind
    nearest: str


def named(kind: ResourceKind, example: str) -> Shape:
    """Describe the relative names of one kind of resource.

    Args:
        kind: the kind.
        example: one name.
    """
    article = "an" if kind.value[0] in "Aaeiou" else "a"
    return Shape(f"the relative name of {article} {kind}, as its `id`", pattern_of(kind), example)
