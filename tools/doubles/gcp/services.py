"""The services of the double that hold what identities are granted access to, mounted together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.artifacts import Repositories
from tools.doubles.gcp.artifacts_docker import DockerRegistry
from tools.doubles.gcp.artifacts_packages import Packages
from tools.doubles.gcp.bigquery import Datasets
from tools.doubles.gcp.bigquery_jobs import Jobs
from tools.doubles.gcp.bigquery_tables import Tables
from tools.doubles.gcp.bigquery_transfers import Transfers
from tools.doubles.gcp.kms import KeyRings
from tools.doubles.gcp.kms_use import KeyUse
from tools.doubles.gcp.log_buckets import LogBuckets
from tools.doubles.gcp.log_entries import LogEntries
from tools.doubles.gcp.log_sinks import LogSinks
from tools.doubles.gcp.operations import Operations
from tools.doubles.gcp.policy_routes import Judge, policy_routes
from tools.doubles.gcp.pubsub import Topics
from tools.doubles.gcp.pubsub_subscriptions import Subscriptions
from tools.doubles.gcp.run import RunServices
from tools.doubles.gcp.run_jobs import RunJobs
from tools.doubles.gcp.secrets import Secrets
from tools.doubles.gcp.storage import Buckets
from tools.doubles.gcp.storage_objects import Objects

_POLICIES = (
    ("/v1/projects/{project}/topics/{topic}", "pubsub.topics", "GET"),
    ("/v1/projects/{project}/subscriptions/{subscription}", "pubsub.subscriptions", "GET"),
    ("/v1/projects/{project}/snapshots/{snapshot}", "pubsub.snapshots", "GET"),
    ("/v1/projects/{project}/secrets/{secret}", "secretmanager.secrets", "GET"),
    ("/v1/projects/{project}/locations/{location}/keyRings/{ring}", "cloudkms.keyRings", "GET"),
    ("/v1/projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}", "cloudkms.cryptoKeys", "GET"),
    ("/v1/projects/{project}/locations/{location}/repositories/{repository}", "artifactregistry.repositories", "GET"),
    ("/v2/projects/{project}/locations/{location}/services/{service}", "run.services", "GET"),
    ("/v2/projects/{project}/locations/{location}/jobs/{job}", "run.jobs", "GET"),
    ("/v2/projects/{project}/locations/{location}/buckets/{bucket}/views/{view}", "logging.views", "POST"),
    ("/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}", "bigquery.tables", "POST"),
)
"""Of each kind of resource: its path, what the permissions on its policy begin with, the method of `getIamPolicy`."""


class Host(Judge, Protocol):
    """What the services need of the double."""

    url: str

    def now(self) -> datetime: ...

    def mount(self, service: object) -> None: ...


class Services:
    """Every one of them.

    Attributes:
        secrets: Secret Manager.
        topics: Pub/Sub's topics.
        subscriptions: Pub/Sub's subscriptions, with their snapshots.
        buckets: Cloud Storage, with the objects of each bucket.
        datasets: BigQuery, with the tables of each dataset.
        jobs: BigQuery's jobs.
        keys: Cloud KMS.
        run: Cloud Run's services.
        run_jobs: Cloud Run's jobs.
        repositories: Artifact Registry.
        log_buckets: Cloud Logging's buckets and views.
        logs: Cloud Logging's entries.
    """

    def __init__(self, double: Host) -> None:
        access, operations = Access(double.policies, double.holds), Operations()
        url, now, policies = double.url, double.now, double.policies
        self.secrets = Secrets(now, policies)
        self.topics = Topics(now, policies)
        self.subscriptions = Subscriptions(self.topics, now, access)
        self.buckets = Buckets(url, now, access)
        self.datasets = Datasets(url, now, access)
        tables = Tables(self.datasets, access)
        objects = Objects(self.buckets, url, now, access)
        self.jobs = Jobs(tables, Transfers(self.datasets, tables, objects, access), access)
        self.keys = KeyRings(now, policies)
        self.run = RunServices(url, now, access, operations)
        self.run_jobs = RunJobs(now, access, operations)
        self.repositories = Repositories(now, policies, operations)
        self.log_buckets = LogBuckets(now, policies)
        self.logs = LogEntries(self.log_buckets, now, access)
        registry, packages = DockerRegistry(self.repositories, access), Packages(self.repositories, operations)
        beside: tuple[Any, ...] = (operations, tables, objects, registry, packages, KeyUse(self.keys), LogSinks(now))
        for service in (*vars(self).values(), self.subscriptions.snapshots, *beside):
            double.mount(service)
        for pattern, permissions, get in _POLICIES:
            policy_routes(double, pattern, permissions, get=get)
