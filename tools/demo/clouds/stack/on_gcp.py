"""On Google Cloud: a service account of a pod on GKE, which publishes to its topic and reads its secret."""

from typing import Any

import pulumi
import pulumi_gcp

import nhi_components as nhi
from nhi_components import gcp


def declare(identity: dict[str, Any], *, shortcut: bool) -> dict[str, Any]:
    """Declare the identity; with the shortcut, somebody in a hurry makes it an editor of the project."""
    project = pulumi.Config("demo").require("project")
    topic = pulumi_gcp.pubsub.Topic("orders", name="orders", project=project)
    orders = gcp.WorkloadIdentity(
        "orders-gcp",
        identity=identity,
        project=project,
        trusted_by=gcp.GkeTrust(cluster_project=project, namespace="shop", service_account="orders"),
        grants=gcp.intents.pubsub.publish(topic.id),
        secret=nhi.SecretSpec(description="signs order events"),
    )
    if shortcut:
        pulumi_gcp.projects.IAMMember("anything", project=project, role="roles/editor", member=orders.member)
    return {"lease": orders.lease_id, "email": orders.email, "topic": topic.id, "secret": orders.secret_name}
