"""Intents on services of Cloud Run.

To deploy is none of them: `run.services.update` runs whatever code as the service's own account, and asks for
`iam.serviceAccounts.actAs` on that account.

Source: Cloud Run documentation, 'IAM roles for Cloud Run', 'Authenticating service-to-service'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

INTENTS: Final = (
    GcpIntent(
        id="run.invoke",
        purpose="Call a service over HTTPS, with an ID token made out to it.",
        excludes="No job can be run, and the service not be read, deployed, changed, removed or shared.",
        target=named(ResourceKind.RUN_SERVICE, "projects/shop-prod/locations/europe-west1/services/orders"),
        parts=(Part(("run.routes.invoke",)),),
        kind=ResourceKind.RUN_SERVICE,
        nearest="roles/run.invoker",
        notes="The service's ingress must admit the caller.",
    ),
)
