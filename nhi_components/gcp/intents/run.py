"""Intents on services of Cloud Run."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def invoke(service: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Call a service over HTTPS, with an ID token made out to it.

    No job can be run, and the service not be read, deployed, changed, removed or shared. The service's ingress must
    admit the caller.

    Args:
        service: the relative name of a Cloud Run service, as its `id`.
        project: the project a service lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("run.invoke", service, project=project, label=label)
