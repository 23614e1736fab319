"""Google Cloud: service accounts of one project on the double, whose keys and uses are as old as the estate says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import requests

from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.assets import Asset
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.estate.truth import (
    ACCESS_AND_AUDIT,
    ADMINISTRATOR,
    ANN,
    DATA_AND_BACKUPS,
    DEPENDENTS_GONE,
    DOUBTFUL,
    DUPLICATE,
    ENDLESS,
    ESCALATING,
    EVE,
    EXPIRED_CREDENTIAL,
    GHOST,
    KEYS_AND_DATA,
    KIM,
    OLD_90,
    OLD_180,
    OLD_365,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    PATH,
    SHADOW,
    STACK_GONE,
    UNJUDGED,
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

WHOLE: Final = f"projects/{PROJECT}"
_RECENTLY: Final = 4
_LEASE: Final = "reads orders nhi:lease=lease-abcdefghijklmnop"
_OVER: Final = {"title": "over", "expression": 'request.time < timestamp("2020-01-01T00:00:00Z")'}
_UNDECIDED: Final = {"title": "some", "expression": 'resource.name.startsWith("projects/-/serviceAccounts/1")'}


class GcpEstate:
    """Plants one project.

    Args:
        double: the double.
        ledger: takes what is planted.
    """

    def __init__(self, double: GcpDouble, ledger: Ledger) -> None:
        self.double, self._ledger = double, ledger
        self._token = double.grant("the-planters-token", "user:planter@example.com")
        self._bindings: dict[str, list[dict[str, Any]]] = {}
        double.accounts.most = 200

    def account(
        self,
        name: str,
        *told: Told,
        used: int | None = _RECENTLY,
        description: str = "",
        by: By = By.STACK,
        holds: Sequence[str] = (),
        condition: Mapping[str, str] | None = None,
        disabled: bool = False,
        **about: Any,
    ) -> str:
        """Make a service account; give its key.

        Args:
            name: what its address begins with.
            told: what must be told of it.
            used: how many days ago it was used last; None for never.
            description: of it.
            by: what answers for it.
            holds: roles on the project.
            condition: of those.
            disabled: nobody can use it.
            about: more for `Ledger.plant`.
        """
        with self.double.lock:
            made = self.double.accounts.make(PROJECT, name, description)
            if disabled:
                made["disabled"] = True
            if used is not None:
                self.double.activities.used[made["uniqueId"]] = _ago(used)
        member = f"serviceAccount:{made['email']}"
        for role in holds:
            self.bind(WHOLE, role, member, condition)
        fields = {"email": made["email"], "uniqueId": made["uniqueId"]}
        resource = Resource("gcp:serviceaccount/account:Account", "google_service_account", fields)
        return self._ledger.plant("gcp", member, *told, by=by, resource=resource, **about)

    def bind(self, resource: str, role: str, member: str, condition: Mapping[str, str] | None = None) -> None:
        """Bind a member; the policy is written by `finish`."""
        made = {"role": role, "members": [member], **({"condition": dict(condition)} if condition else {})}
        self._bindings.setdefault(resource, []).append(made)

    def let(self, member: str, account: str, role: str, condition: Mapping[str, str] | None = None) -> None:
        """Bind a member on an account, by its key."""
        self.bind(f"{WHOLE}/serviceAccounts/{account.partition(':')[2]}", role, member, condition)

    def finish(self) -> None:
        """Write all policies, and remove the roles that are to be gone."""
        with self.double.lock:
            for resource, bindings in self._bindings.items():
                policy = self.double.policies.get(resource, 3)
                whole = [*policy.get("bindings", ()), *bindings]
                self.double.policies.set(resource, {**policy, "version": 3, "bindings": whole})
        for number in range(2):
            self._ask("DELETE", f"/v1/{WHOLE}/roles/lost_{number}")

    def unique_id(self, key: str) -> str:
        """Give the unique id of an account."""
        return str(self.double.accounts.by_email[key.partition(":")[2]]["uniqueId"])

    def pool(self, name: str, issuer: str, mapping: Mapping[str, str], condition: str) -> str:
        """Make a workload identity pool with one provider; give what its members begin with.

        Args:
            name: of the pool.
            issuer: URL of whose tokens it takes.
            mapping: attributes by expressions.
            condition: which tokens it takes, as an expression.
        """
        pools = f"projects/{number_of(PROJECT)}/locations/global/workloadIdentityPools"
        self._ask("POST", f"/v1/{pools}?workloadIdentityPoolId={name}", {})
        provider = {"oidc": {"issuerUri": issuer}, "attributeMapping": dict(mapping), "attributeCondition": condition}
        path = f"/v1/{pools}/{name}/providers?workloadIdentityPoolProviderId=main"
        self._ask("POST", path, provider)
        return f"principalSet://iam.googleapis.com/{pools}/{name}"

    def plant(self) -> None:
        """Plant all that lives in this project alone."""
        for number in range(20):
            self.account(f"publisher-{number:02}", by=By.STATE if number % 2 else By.STACK)
        self._answering()
        self._ageing()
        self._powerful()
        self._leading()
        self._conflicting()

    def _answering(self) -> None:
        for number in range(2):
            self.account(f"by-hand-{number}", SHADOW, by=By.NOTHING, why="made by hand")
            self.account(f"nobodys-{number}", UNOWNED, owners=(), why="nobody is said to own it")
            self.account(f"left-behind-{number}", OWNER_LEFT, owners=(EVE,), why="its owner has left")
            self.account(f"strange-{number}", OWNER_UNKNOWN, owners=(GHOST,), why="no directory has its owner")
            self.account(f"leased-{number}", by=By.NOTHING, description=_LEASE, why="bears a lease")
            self.account(f"by-pattern-{number}", owners=(), why="owned by a pattern of the CMDB")
        self._ledger.cmdb.append({"pattern": "serviceAccount:by-pattern-*", "owner": ANN})
        self.account("dropped", STACK_GONE, by=By.WAS, description=_LEASE, why="its stack has dropped it")
        self.account("moved", by=By.MOVED, why="another stack declares it now")
        for number in range(2):
            kept = Asset(*_service(f"kept-{number}", self.account(f"runs-{number}", why="a service runs as it")))
            gone = Asset(
                *_service(f"gone-{number}", self.account(f"ran-{number}", DEPENDENTS_GONE, why="nothing does"))
            )
            self.double.assets.resources += [kept, gone]
            self._ledger.changes.append(partial(self.double.assets.resources.remove, gone))
        viewer = ["roles/pubsub.viewer"]
        for number in range(2):
            self.account(f"twin-{number}", DUPLICATE, holds=viewer, why="does the same as another")
        self.account("twin-of-kim", holds=viewer, owners=(KIM,), why="serves another owner")
        self.account("twin-in-prod", holds=viewer, environment="prod", why="serves another environment")
        self.account("twin-no-more", holds=viewer, condition=_OVER, why="under another condition")

    def _ageing(self) -> None:
        for days, told in ((45, UNUSED_30), (50, UNUSED_30), (75, UNUSED_60), (80, UNUSED_60), (120, UNUSED_90)):
            self.account(f"idle-{days}", told, used=days, why=f"unused for {days} days, as far as that is told")
        self.account("never-used", used=None, why="never used, but nothing tells that it is not new")
        self.account("nearly-idle", used=28, why="used 28 days ago")
        key_used = self.account("used-by-key", used=None, why="its account is not, but its key is used")
        self._key(key_used, made=20, ends=10, used=5)
        self._key(self.account("with-key", ENDLESS, why="a key never ends"), made=5)
        for days, told in ((100, OLD_90), (200, OLD_180), (400, OLD_365)):
            self._key(self.account(f"key-of-{days}", told, ENDLESS, why=f"a key of {days} days"), made=days)
            self._key(self.account(f"dated-{days}", told, why=f"a key of {days} days that ends"), made=days, ends=30)
        self._key(self.account("nearly-old", ENDLESS, why="a key of 88 days"), made=88)
        self._key(self.account("old-off", why="an old key that is switched off"), made=400, disabled=True)
        lapsed = self.account("lapsed-key", EXPIRED_CREDENTIAL, why="a key has ended and is there")
        self._key(lapsed, made=400, ends=-3)
        self._key(self.account("ends-soon", why="a key ends tomorrow"), made=10, ends=1)

    def _powerful(self) -> None:
        self.account("owner", ADMINISTRATOR, holds=["roles/owner"], why="owner of the project")
        self.account("editor", ADMINISTRATOR, holds=["roles/editor"], why="editor of the project")
        raising = ("resourcemanager.projectIamAdmin", "iam.serviceAccountTokenCreator", "iam.serviceAccountKeyAdmin")
        for number, role in enumerate(raising):
            self.account(f"raises-itself-{number}", ESCALATING, holds=[f"roles/{role}"], why=role)
        for role in ("pubsub.admin", "secretmanager.admin", "run.admin"):
            name = f"all-of-{role.partition('.')[0]}"
            self.account(name, WILDCARD, holds=[f"roles/{role}"], why=f"everything of a service: {role}")
        for number in range(2):
            self._role(f"lost_{number}", ["pubsub.topics.get"])
            holds = [f"{WHOLE}/roles/lost_{number}"]
            self.account(f"unread-{number}", UNJUDGED, holds=holds, why="bound to a role that is gone")
        near = {"viewer": "roles/viewer", "reads-secrets": "roles/secretmanager.secretAccessor"}
        for name, role in near.items():
            self.account(name, holds=[role], why="less than it looks")
        self.account(
            "admin-no-more", holds=["roles/resourcemanager.projectIamAdmin"], condition=_OVER, why="until 2020"
        )
        topic = f"{WHOLE}/topics/one"
        self._ask("PUT", f"/v1/{topic}", {})
        self.bind(topic, "roles/pubsub.admin", self.account("all-of-one", why="everything of one topic"))

    def _leading(self) -> None:
        end = f"serviceAccount:owner@{PROJECT}.iam.gserviceaccount.com"
        creator, user = "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"
        near = self.account("one-hop", PATH, why="makes tokens of an owner")
        self.let(near, end, creator)
        far = self.account("two-hops", PATH, why="makes keys of one that makes tokens of an owner")
        self.let(far, near, "roles/iam.serviceAccountKeyAdmin")
        self.let(self.account("three-hops", PATH, why="one hop more"), far, creator)
        runs = self.account("runs-as-owner", PATH, holds=["roles/run.developer"], why="runs code as an owner")
        self.let(runs, end, user)
        perhaps = self.account("perhaps-owner", DOUBTFUL, why="under a condition of another thing than time")
        self.let(perhaps, end, creator, _UNDECIDED)
        self.let(self.account("attaches-only", why="may act as an owner, but runs no code"), end, user)
        self.let(self.account("no-more-hop", why="made tokens of an owner until 2020"), end, creator, _OVER)
        self.let(self.account("looks-only", why="may look at an owner"), end, "roles/iam.serviceAccountViewer")
        off = self.account(
            "owner-off", ADMINISTRATOR, holds=["roles/owner"], disabled=True, why="an owner, but disabled"
        )
        self.let(self.account("to-owner-off", why="becomes an owner whom nobody can use"), off, creator)
        plain = self.account("plain-end", why="a harmless one")
        self.let(self.account("to-plain", why="becomes a harmless one"), plain, creator)

    def _conflicting(self) -> None:
        keys, data = "roles/cloudkms.admin", "roles/cloudkms.cryptoKeyDecrypter"
        self.account("keys-and-data", KEYS_AND_DATA, holds=[keys, data], why="holds both duties")
        self.account("keys-only", holds=[keys], why="holds one duty only")
        self.account("data-only", holds=[data], why="holds the other duty only")
        access, audit = "roles/resourcemanager.projectIamAdmin", "roles/logging.configWriter"
        both = (ACCESS_AND_AUDIT, ESCALATING)
        self.account("access-and-audit", *both, holds=[access, audit], why="holds both duties")
        self.account("audit-only", holds=[audit], why="holds the other duty only")
        self._role("destroys", ["cloudsql.instances.delete", "cloudsql.backupRuns.delete"])
        self._role("destroys_data", ["cloudsql.instances.delete"])
        custom = f"{WHOLE}/roles/"
        self.account("all-destroyed", DATA_AND_BACKUPS, holds=[f"{custom}destroys"], why="by a role of its own")
        self.account("data-destroyed", holds=[f"{custom}destroys_data"], why="holds one duty only")

    def _key(self, account: str, *, made: int, ends: int | None = None, used: int = 1, disabled: bool = False) -> None:
        """Give an account a key that was made so many days ago, and ends in so many."""
        with self.double.lock:
            key, _ = self.double.keys.make(account.partition(":")[2])
            key.made, key.disabled = _ago(made), disabled
            if ends is not None:
                key.ends = f"{_ago(-ends):%Y-%m-%dT%H:%M:%SZ}"
            self.double.activities.used[key.id] = _ago(used)

    def _role(self, name: str, permissions: Sequence[str]) -> None:
        fields = {"title": name, "includedPermissions": list(permissions), "stage": "GA"}
        self._ask("POST", f"/v1/{WHOLE}/roles", {"roleId": name, "role": fields})

    def _ask(self, method: str, path: str, body: Any = None) -> None:
        header = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, f"{self.double.url}{path}", json=body, headers=header, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")


def _service(name: str, account: str) -> tuple[str, str, str, str, dict[str, Any]]:
    full = f"//run.googleapis.com/projects/{PROJECT}/locations/europe-west1/services/{name}"
    runs_as = {"template": {"serviceAccount": account.partition(":")[2]}}
    return PROJECT, "run.googleapis.com/Service", full, "v2", runs_as


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
