"""A principal of Entra as the parts of a bundle refer to it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True)
class Principal:
    """A managed identity of a bundle, or its service principal.

    Attributes:
        made: the resource of Pulumi.
        name: of its link, known at preview: a managed identity's resource id, a service principal's display name.
        object_id: by which role assignments name it.
        client_id: by which its workload asks for tokens.
        label: what the resources of Pulumi that are about it are named after.
    """

    made: pulumi.Resource
    name: pulumi.Output[str]
    object_id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    label: str
