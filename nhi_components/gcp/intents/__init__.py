"""Curated intents: what an identity does, instead of the permissions that it takes.

Each gives the grants for one job on one resource, which `grants=` of a component takes:
`intents.pubsub.publish(topic.id)`, or several:
`intents.pubsub.publish(topic.id) + intents.storage.read_objects(bucket.name, prefix="in/")`.
"""

from nhi_components.gcp.intents import (
    artifactregistry,
    bigquery,
    cloudkms,
    iam,
    logging,
    pubsub,
    run,
    secretmanager,
    storage,
)

__all__ = [
    "artifactregistry",
    "bigquery",
    "cloudkms",
    "iam",
    "logging",
    "pubsub",
    "run",
    "secretmanager",
    "storage",
]
