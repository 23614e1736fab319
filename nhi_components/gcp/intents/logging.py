"""Intents on logs of Cloud Logging."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def write(project: pulumi.Input[str]) -> tuple[Grant, ...]:
    """Write log entries of a project, to whatever log.

    No entry can be read or deleted, and no log, sink or bucket be listed, changed or removed.

    Args:
        project: the relative name of a project, as its `id`.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("logging.write", project)


def read_view(view: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Read the log entries of one view of a log bucket.

    No entry outside of the view can be read, none be written or deleted, and the view not be changed or shared.

    Args:
        view: the relative name of a log view, as its `id`.
        project: the project a view lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("logging.read_view", view, project=project, label=label)
