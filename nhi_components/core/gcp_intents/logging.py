"""Intents on logs of Cloud Logging.

Source: Cloud Logging documentation, 'Access control with IAM', 'Configure log views on a log bucket'. Entries are
written to a project, whose sinks route them: `logging.logEntries.create` exists on nothing smaller.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

INTENTS: Final = (
    GcpIntent(
        id="logging.write",
        purpose="Write log entries of a project, to whatever log.",
        excludes="No entry can be read or deleted, and no log, sink or bucket be listed, changed or removed.",
        target=named(ResourceKind.PROJECT, "projects/shop-prod"),
        parts=(Part(("logging.logEntries.create",)),),
        kind=ResourceKind.PROJECT,
        nearest="roles/logging.logWriter",
    ),
    GcpIntent(
        id="logging.read_view",
        purpose="Read the log entries of one view of a log bucket.",
        excludes="No entry outside of the view can be read, none be written or deleted, and the view not be changed "
        "or shared.",
        target=named(
            ResourceKind.LOG_VIEW, "projects/shop-prod/locations/europe-west1/buckets/orders/views/without-payments"
        ),
        parts=(Part(("logging.views.access",)),),
        kind=ResourceKind.LOG_VIEW,
        nearest="roles/logging.viewAccessor",
    ),
)
