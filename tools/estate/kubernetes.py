"""Kubernetes: service accounts of one cluster on the double of an API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tools.doubles.kubernetes import KubernetesDouble
from tools.estate.truth import (
    ADMINISTRATOR,
    ANN,
    DEPENDENTS_GONE,
    DUPLICATE,
    ENDLESS,
    ESCALATING,
    EXPIRED,
    GHOST,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    PATH,
    SHADOW,
    STACK_GONE,
    UNOWNED,
    UNUSED_30,
    UNUSED_60,
    UNUSED_90,
    WILDCARD,
    By,
    Ledger,
    Resource,
    Told,
)

_SPACES: Final = ("shop", "ops", "lab", "jobs")
_RBAC: Final = "rbac.authorization.k8s.io"

Rule = Mapping[str, Sequence[str]]


def rule(verbs: str, resources: str, group: str = "", *names: str) -> dict[str, list[str]]:
    """A rule of RBAC; verbs and resources are written with spaces between them."""
    made = {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
    return made | ({"resourceNames": list(names)} if names else {})


class KubernetesEstate:
    """Plants one cluster.

    Args:
        double: the double.
        ledger: takes what is planted.
    """

    def __init__(self, double: KubernetesDouble, ledger: Ledger) -> None:
        self.cluster, self._ledger = double.cluster, ledger
        for name in _SPACES:
            self.cluster.add_namespace(name)
        self.place = self.cluster.namespaces["kube-system"]
        since = {"data": {"since": f"{_ago(1000):%Y-%m-%d}"}}
        self.cluster.put("configmaps", "kube-system", "kube-apiserver-legacy-service-account-token-tracking", since)

    def account(
        self,
        name: str,
        *told: Told,
        space: str = "shop",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        holds: Sequence[Rule] = (),
        everywhere: bool = False,
        by: By = By.STATE,
        **about: Any,
    ) -> str:
        """Make a service account; give its key.

        Args:
            name: its name.
            told: what must be told of it.
            space: its namespace.
            labels: its labels.
            annotations: its annotations.
            holds: rules of a role of its own.
            everywhere: these hold in the whole cluster.
            by: what answers for it.
            about: more for `Ledger.plant`.
        """
        metadata = {"labels": dict(labels or {}), "annotations": dict(annotations or {})}
        made = self.cluster.put("serviceaccounts", space, name, {"metadata": metadata})["metadata"]
        if holds:
            self.role(name, holds, space="" if everywhere else space)
            self.bind(name, space, name, everywhere=everywhere)
        fields = {"metadata": {"namespace": space, "name": name, "uid": made["uid"]}}
        resource = Resource("kubernetes:core/v1:ServiceAccount", "kubernetes_service_account", fields)
        key = f"{self.place}: kubernetes:{space}/{name}"
        return self._ledger.plant("kubernetes", key, *told, by=by, resource=resource, **about)

    def role(self, name: str, rules: Sequence[Rule], *, space: str = "") -> None:
        """Make a role of a namespace, or of the cluster."""
        self.cluster.put("roles" if space else "clusterroles", space, name, {"rules": list(map(dict, rules))})

    def bind(self, role: str, space: str, *accounts: str, everywhere: bool, cluster_role: bool = False) -> None:
        """Bind accounts of a namespace to a role there, or everywhere, by one binding."""
        kind = "ClusterRole" if everywhere or cluster_role else "Role"
        subjects = [{"kind": "ServiceAccount", "namespace": space, "name": account} for account in accounts]
        body = {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role}, "subjects": subjects}
        kinds, where = ("clusterrolebindings", "") if everywhere else ("rolebindings", space)
        self.cluster.put(kinds, where, f"{accounts[0]}-{role}", body)

    def plant(self) -> None:
        """Plant all that lives in this cluster alone."""
        for number in range(40):
            by = By.STATE if number % 2 else By.STACK
            holds = [rule("get list", "configmaps", "", f"rates-{number}")]
            self.account(f"worker-{number:02}", by=by, holds=holds)
        self._answering()
        self._ageing()
        self._powerful()
        self._leading()

    def _answering(self) -> None:
        for number in range(2):
            self.account(f"by-hand-{number}", SHADOW, by=By.NOTHING, why="made by hand")
            self.account(f"nobodys-{number}", UNOWNED, owners=(), why="nobody is said to own it")
            self.account(f"strange-{number}", OWNER_UNKNOWN, owners=(GHOST,), why="no directory has its owner")
            left = {"example.com/team": "eve"}
            self.account(f"left-{number}", OWNER_LEFT, owners=(), labels=left, why="its owner by label has left")
            self.account(f"labelled-{number}", owners=(), labels={"team": "ann"}, why="its owner by label is there")
            self.account(f"dropped-{number}", SHADOW, STACK_GONE, by=By.WAS, why="its stack has dropped it")
            self.account(f"moved-{number}", by=By.MOVED, why="another stack declares it now")
            self._runs(f"ran-{number}", DEPENDENTS_GONE, before=["batch"], after=[])
            self._runs(f"runs-{number}", before=["web"], after=["web"])
            self._runs(f"rolled-{number}", before=["old"], after=["new"])
            self.account(f"twin-{number}", DUPLICATE, space="jobs", why="does the same as another")
            self.account(f"twin-at-once-{number}", DUPLICATE, space="jobs", why="does the same by one binding")
            self.role("shared", [rule("get", "configmaps", "", "shared")], space="jobs")
            self.bind("shared", "jobs", f"twin-{number}", everywhere=False)
        self.role("at-once", [rule("get", "configmaps", "", "at-once")], space="jobs")
        self.bind("at-once", "jobs", "twin-at-once-0", "twin-at-once-1", everywhere=False)
        self.role("namespaced", [rule("get", "configmaps", "", "local")])
        for space in ("jobs", "lab"):
            self.account("local", space=space, why="holds in its own namespace what another holds in its own")
            self.bind("namespaced", space, "local", everywhere=False, cluster_role=True)

    def _runs(self, name: str, *told: Told, before: Sequence[str], after: Sequence[str]) -> None:
        holds = [rule("get", "configmaps", "", name)]
        self.account(name, *told, holds=holds, why=f"ran {before}, runs {after}")
        for deployment in before:
            self._deploy(f"{name}-{deployment}", name)

        def change() -> None:
            for deployment in before:
                self.cluster.remove(("deployments", "shop", f"{name}-{deployment}"))
            for deployment in after:
                self._deploy(f"{name}-{deployment}", name)

        self._ledger.changes.append(change)

    def _deploy(self, name: str, account: str) -> None:
        spec = {"template": {"spec": {"serviceAccountName": account, "containers": []}}}
        self.cluster.put("deployments", "shop", name, {"spec": spec})

    def _ageing(self) -> None:
        for days, told in ((100, OLD_90), (200, OLD_180), (500, OLD_365)):
            self.account(f"token-{days}", ENDLESS, told, why=f"a standing token of {days} days")
            self._token(f"token-{days}", made=days, used=3)
        self.account("token-new", ENDLESS, why="a new standing token")
        self._token("token-new", made=2, used=1)
        self.account("token-off", why="a standing token that the cluster refuses")
        self._token("token-off", made=500, used=400, refused=True)
        for days, told in ((40, UNUSED_30), (70, UNUSED_60), (100, UNUSED_90)):
            self.account(f"idle-{days}", ENDLESS, OLD_365, told, why=f"its token was used {days} days ago")
            self._token(f"idle-{days}", made=500, used=days)
        self.account("nearly-idle", ENDLESS, why="its token was used 28 days ago")
        self._token("nearly-idle", made=60, used=28)

    def _token(self, account: str, *, made: int, used: int, refused: bool = False) -> None:
        """Give an account a token in a Secret; the account is as old."""
        name, space = f"{account}-token", "shop"
        labels = {"kubernetes.io/legacy-token-last-used": f"{_ago(used):%Y-%m-%d}"}
        if refused:
            labels["kubernetes.io/legacy-token-invalid-since"] = f"{_ago(1):%Y-%m-%d}"
        body = {
            "type": "kubernetes.io/service-account-token",
            "metadata": {"labels": labels, "annotations": {"kubernetes.io/service-account.name": account}},
        }
        self.cluster.put("secrets", space, name, body)
        for key in (("secrets", space, name), ("serviceaccounts", space, account)):
            self.cluster.objects[key]["metadata"]["creationTimestamp"] = f"{_ago(made):%Y-%m-%dT%H:%M:%SZ}"

    def _powerful(self) -> None:
        every = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
        self.role("cluster-admin", [every])
        for number in range(2):
            self.account(
                f"admin-{number}", ADMINISTRATOR, space="ops", owners=(f"Ann {number} <{ANN}>",), why="cluster-admin"
            )
            self.bind("cluster-admin", "ops", f"admin-{number}", everywhere=True)
        self.account("every-verb", ADMINISTRATOR, space="ops", holds=[every], everywhere=True, why="* on *")
        raising = {
            "raises-roles": [rule("escalate update", "clusterroles", _RBAC)],
            "reads-all-secrets": [rule("get list create", "secrets")],
            "impersonates": [rule("impersonate", "users groups")],
            "runs-pods": [rule("create", "pods")],
        }
        for name, holds in raising.items():
            self.account(name, ESCALATING, space="ops", holds=holds, everywhere=True, why="as good as cluster-admin")
        self.account("owns-lab", WILDCARD, space="lab", holds=[every], why="everything in one namespace")
        core = {"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}
        self.account("owns-core-of-lab", WILDCARD, space="lab", holds=[core], why="a whole group in one namespace")
        near = {
            "reads-all": {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]},
            "every-config": rule("*", "configmaps"),
            "looks-at-pods": rule("get list watch", "pods services"),
        }
        for name, held in near.items():
            self.account(name, space="lab", holds=[held], why="less than it looks")

        groups = [rule("impersonate", "groups")]
        self.account("only-groups", space="ops", holds=groups, everywhere=True, why="a group takes a user beside it")

    def _leading(self) -> None:
        self.account("makes-token", PATH, space="ops", holds=[rule("create", "serviceaccounts/token", "", "admin-0")])
        self.account("runs-pods-here", PATH, space="ops", holds=[rule("create", "pods")], why="beside an administrator")
        hop = [rule("create", "serviceaccounts/token", "", "makes-token")]
        self.account("two-hops", PATH, space="ops", holds=hop, why="makes a token of one that makes one of an admin")
        other = [rule("create", "serviceaccounts/token", "", "looks-at-pods")]
        self.account("makes-other-token", space="lab", holds=other, why="becomes a harmless one")
        self.account("runs-pods-there", space="jobs", holds=[rule("create", "pods")], why="no administrator there")
        ended = {"nhi_lease": "lease-abcdefghijklmnop", "nhi_managed-by": "nhi_components"}
        self.account("ended", EXPIRED, by=By.STATE, annotations={**ended, "nhi_ends": f"{_ago(1):%Y-%m-%d}"})


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
