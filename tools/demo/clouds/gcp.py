"""Google Cloud in the story: a workload on GKE, on a double of the REST APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.demo.google import AccountToken, become
from tools.doubles.gcp.double import PROJECT, GcpDouble
from tools.lab.sandbox import Sandbox
from tools.plugins.gcp.settings import environment_for

_TOKEN = "operators-token"  # noqa: S105 - of the double's own
_POD = f"{PROJECT}.svc.id.goog[shop/orders]"
_OTHER_POD = f"{PROJECT}.svc.id.goog[shop/default]"
_OTHER_TOPIC = f"projects/{PROJECT}/topics/somebody-elses"


@contextmanager
def _ready(_: Sandbox, folder: Path) -> Iterator[Ready]:
    with GcpDouble() as double:
        key_file = double.ambient(folder)
        double.grant(_TOKEN, f"operator@{PROJECT}.iam.gserviceaccount.com")
        environment = environment_for(double.url, _TOKEN, PROJECT) | {"GOOGLE_APPLICATION_CREDENTIALS": str(key_file)}
        AccountToken(double.url, _TOKEN).makes_topic(_OTHER_TOPIC)
        connection = {"endpoint": double.url, "projects": [PROJECT]}
        yield Ready(partial(_use, double), environment, {"project": PROJECT}, connection)


def _use(double: GcpDouble, made: Mapping[str, Any]) -> Session:
    pod, other = (double.tokens.issue(workload) for workload in (_POD, _OTHER_POD))
    account = become(double.url, pod, made["email"])
    if account is None:
        return Session((("its pod becomes its service account", False),), lambda: False)
    claims = (
        ("its pod on GKE becomes its service account, without a key", True),
        ("another pod of the namespace does not", become(double.url, other, made["email"]) is None),
        ("its account publishes to its topic", account.publishes(made["topic"])),
        ("its account is refused at another topic", not account.publishes(_OTHER_TOPIC)),
        ("its account reads its own secret", account.reads(made["secret"])),
    )

    def works() -> bool:
        return account.publishes(made["topic"]) or become(double.url, pod, made["email"]) is not None

    return Session(claims, works)


GCP = Cloud(
    "gcp",
    "Google Cloud",
    "a double of its REST APIs that evaluates allow policies, and a test plugin in place of Pulumi's provider",
    "gcp.admin-role",
    _ready,
)
