"""Kubernetes for tests on the engine: a double of a cluster in the test's own process, and what is asked of it.

    def test_something(project, cluster):
        stack = cluster.reached_by(project(kubernetes_program(kubernetes_bundle(grants=READS))))
        stack.up()

Pulumi's own resources go through the test plugin `pulumi-resource-kubernetes` (tools/plugins/kubernetes); our provider
and the `nhi` command use Kubernetes' own client. Both find the cluster by KUBECONFIG.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from tests.engine.programs import IDENTITY
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.gate import Choice, Gate, Request
from tools.lab.project import Project

SHOP = "shop"
NAME = "orders-k8s"
OPERATOR = "deployer"
READS = "intents.configmaps.read('shop', 'rates')"
WRITES = "intents.configmaps.update('shop', 'rates')"
"""Sources of grants on the ConfigMap that every cluster here has."""

_IMPORTS = """\
import pulumi
import pulumi_kubernetes
import nhi_components as nhi
from nhi_components import kubernetes
intents = kubernetes.intents
"""
_OUTPUTS = {"account": "service_account", "subject": "subject", "uid": "unique_id"}
_SECONDS = 20
_REFUSED = (401, 403)
_RATES = "/api/v1/namespaces/shop/configmaps/rates"


@dataclass(frozen=True)
class OneCluster:
    """A double, and how it is reached.

    Attributes:
        double: the double itself.
        folder: where kubeconfigs are written.
        token: the operator's.
        url: at which the plugin, our own provider and `nhi` reach it.
    """

    double: KubernetesDouble
    folder: Path
    token: str = field(repr=False)
    url: str

    def through(self, gate: Gate) -> OneCluster:
        """The same, reached through a gate."""
        return replace(self, url=gate.url)

    def reached_by(self, stack: Project) -> Project:
        """Let a project's commands reach the double, and return the project."""
        stack.environment["KUBECONFIG"] = self.kubeconfig()
        return stack

    def kubeconfig(self) -> str:
        """Write a kubeconfig, and return its path."""
        file = self.folder / f"{secrets.token_hex(4)}.kubeconfig"
        file.write_text(self.double.kubeconfig(self.token).replace(self.double.url, self.url))
        return str(file)

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """Make a request, as the operator unless another token is given; any refusal is raised."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = requests.request(method, f"{self.double.url}{path}", json=body, headers=headers, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def put(self, kinds: str, name: str, body: Mapping[str, Any], namespace: str = SHOP) -> None:
        """Make an object by hand."""
        with self.double.lock:
            self.double.cluster.put(kinds, namespace, name, dict(body))

    def objects(self, kinds: str, namespace: str = SHOP) -> dict[str, Any]:
        """The objects of a namespace, by name."""
        with self.double.lock:
            found = self.double.cluster.objects.items()
            return {key[2]: each for key, each in found if key[:2] == (kinds, namespace)}

    def session(self, account: str, audience: str = "") -> Session:
        """A session of an account, as a pod of it has one: with a token that is bound to the account."""
        path = f"/api/v1/namespaces/{SHOP}/serviceaccounts/{account}/token"
        made = self.ask("POST", path, {"spec": {"audiences": [audience]} if audience else {}})
        return Session(self, made["status"]["token"])

    def vouches_in(self, vault: Any) -> None:
        """Let a Vault ask it about the tokens of its accounts, by an auth method that is mounted at `kubernetes`.

        Args:
            vault: a client of it, as root.
        """
        reviewer = self.double.grant(self.double.cluster.tokens.issuer.token(sub="reviewer"), "reviewer")
        vault.sys.enable_auth_method("kubernetes")
        settings = {"kubernetes_host": self.double.url, "kubernetes_ca_cert": "unused over plain HTTP"}
        vault.write("auth/kubernetes/config", **settings, token_reviewer_jwt=reviewer)

    def issued(self) -> list[str]:
        """Every token that the cluster has issued, and the operator's own."""
        with self.double.lock:
            return [*self.double.cluster.tokens.issued, self.token]

    def everything(self) -> dict[str, list[str]]:
        """All that is there but what every test begins with, by resource; resources without any are left out."""
        with self.double.lock:
            keys = sorted(key for key in self.double.cluster.objects if key != ("configmaps", SHOP, "rates"))
        return {kinds: [f"{where}/{name}" for k, where, name in keys if k == kinds] for kinds, _, _ in keys}


@dataclass(frozen=True)
class Session:
    """A token of a service account, and what it is good for."""

    cluster: OneCluster = field(repr=False)
    token: str = field(repr=False)

    def may(self, method: str, path: str, body: Any = None) -> bool:
        """Tell whether the API server lets it through; any error but a refusal is raised."""
        try:
            self.cluster.ask(method, path, body, token=self.token)
        except requests.HTTPError as error:
            if error.response.status_code not in _REFUSED:
                raise
            return False
        return True

    def reads(self) -> bool:
        return self.may("GET", _RATES)

    def writes(self) -> bool:
        rates = self.cluster.ask("GET", _RATES)
        return self.may("PUT", _RATES, {**rates, "data": {"eur": secrets.token_hex(4)}})

    def reviewed(self, audience: str = "") -> bool:
        """Tell whether a TokenReview takes the token for somebody's, as Vault asks."""
        spec = {"token": self.token, **({"audiences": [audience]} if audience else {})}
        answer = self.cluster.ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": spec})
        return bool(answer["status"]["authenticated"])


@contextmanager
def one_cluster(folder: Path) -> Iterator[OneCluster]:
    """A double with one operator and, in one namespace, a ConfigMap."""
    with KubernetesDouble() as double:
        double.cluster.add_namespace(SHOP)
        double.cluster.put("configmaps", SHOP, "rates", {"data": {"eur": "1"}})
        yield OneCluster(double, folder, double.grant(secrets.token_urlsafe(24), OPERATOR), double.url)


def bundle_on(cluster: OneCluster, project: Callable[..., Project], *args: str, **given: Any) -> Project:
    """A project with one bundle, as `kubernetes_bundle` takes it, whose commands reach the cluster."""
    return cluster.reached_by(project(kubernetes_program(kubernetes_bundle(*args, **given))))


def rewrite(stack: Project, *args: str, **given: Any) -> None:
    """Write the program of a project anew, with one bundle."""
    stack.write({"__main__.py": kubernetes_program(kubernetes_bundle(*args, **given))})


def working(stack: Project, cluster: OneCluster, name: str = NAME) -> tuple[dict[str, Any], Session]:
    """The outputs of a bundle that is up, and a session of its account that works."""
    outputs = stack.outputs()[name]
    session = cluster.session(outputs["account"])
    assert session.reads()
    return outputs, session


def subject(outputs: Mapping[str, Any]) -> dict[str, str]:
    """The account of a bundle, as bindings name it."""
    return {"kind": "ServiceAccount", "name": outputs["account"], "namespace": SHOP}


def asked(method: str, part: str) -> Choice:
    """Choose a request by its method and a part of its path."""

    def chosen(request: Request) -> bool:
        return request.method == method and part in request.path

    return chosen


def kubernetes_program(*statements: str) -> str:
    """A program of these statements, with `nhi`, `kubernetes`, `intents`, `pulumi` and `pulumi_kubernetes` at hand."""
    return "\n".join([_IMPORTS, *statements, ""])


def kubernetes_bundle(
    component: str = NAME, *, identity: Mapping[str, Any] = IDENTITY, namespace: str = SHOP, **arguments: str
) -> str:
    """A `kubernetes.WorkloadIdentity` that exports lease, ends, account, subject and uid under its own name.

    Args:
        component: its name.
        identity: as data.
        namespace: where it lives.
        arguments: source texts of further arguments, such as `grants=READS`.
    """
    variable = component.replace("-", "_")
    given = "".join(f", {name}={source}" for name, source in {"grants": READS, **arguments}.items())
    shown = {"lease": "lease_id", "ends": "ends", **_OUTPUTS}
    exported = ", ".join(f"{key!r}: {variable}.{attribute}" for key, attribute in shown.items())
    return (
        f"{variable} = kubernetes.WorkloadIdentity({component!r}, identity={dict(identity)!r}, "
        f"namespace={namespace!r}{given})\npulumi.export({component!r}, {{{exported}}})"
    )
