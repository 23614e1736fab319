"""Real use of what a bundle on Azure grants: tokens of its identities, by each way in, and what they are let do.

Everything is asked of the double itself, by REST: as the workload with its own tokens, or as the operator.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import requests

from tests.engine.azure import BUS, AzureCloud
from tests.engine.programs import evidence, nhi
from tools.doubles.azure.audiences import ARM, SERVICE_BUS, STORAGE, VAULT, plane_of
from tools.doubles.azure.federation import Federated
from tools.doubles.azure.rbac import Assignment
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.doubles.azure.versions import default_of
from tools.doubles.messages import Answer
from tools.lab.project import Project

GITHUB: Final = "https://token.actions.githubusercontent.com"
_AUDIENCES: Final[Mapping[str, str]] = {"arm": ARM, "blob": STORAGE, "servicebus": SERVICE_BUS, "vaults": VAULT}
"""For whom a token has to be issued, by the part of Azure that is asked."""

_STORAGE_HEADERS: Final = {"x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS = 20
_REFUSED = (401, 403)
_NO_TOKEN = (400, 401)
_GONE = 404


class RefusedError(Exception):
    """Azure refused a call.

    Attributes:
        status: the HTTP status.
        text: what was answered.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(f"{status} {text}")


def ask(cloud: AzureCloud, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
    """Make a call, as the operator unless a token is given; bytes are sent as they are, anything else as JSON.

    Raises:
        RefusedError: Azure refuses it.
    """
    plane = plane_of(path)
    if not token:
        with cloud.double.lock:
            token = cloud.double.entra.token_for(cloud.operator, _AUDIENCES[plane])
    headers = {"Authorization": f"Bearer {token}", **(_STORAGE_HEADERS if plane == "blob" else {})}
    given: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
    answer = _sent(cloud, method, f"{path}{_version_of(path, plane)}", headers=headers, **given)
    is_json = answer.content and "json" in answer.headers.get("Content-Type", "")
    return answer.json() if is_json else answer.content


def _sent(cloud: AzureCloud, method: str, path: str, **given: Any) -> requests.Response:
    authority = cloud.environment["REQUESTS_CA_BUNDLE"]
    answer = requests.request(method, f"{cloud.double.url}{path}", verify=authority, timeout=_SECONDS, **given)
    if not answer.ok:
        raise RefusedError(answer.status_code, answer.text)
    return answer


def _version_of(path: str, plane: str) -> str:
    if plane == "vaults":
        return "?api-version=7.4"
    if plane != "arm":
        return ""
    namespace, *types = path.rpartition("/providers/")[2].split("/") if "/providers/" in path else ["", ""]
    type_ = "/".join((namespace, *types[::2])) if namespace else "Microsoft.Resources"
    return f"?api-version={default_of(type_)}"


@dataclass(frozen=True)
class Session:
    """The access tokens of one identity, and what they are good for.

    Attributes:
        tokens: by audience.
    """

    cloud: AzureCloud = field(repr=False)
    tokens: Mapping[str, str] = field(repr=False)

    def may(self, method: str, path: str, body: Any = None) -> bool:
        """Tell whether Azure lets it through; any error but a refusal is raised."""
        try:
            ask(self.cloud, method, path, body, token=self.tokens[_AUDIENCES[plane_of(path)]])
        except RefusedError as refused:
            if refused.status not in _REFUSED:
                raise
            return False
        return True

    def sends(self, queue: str = "orders") -> bool:
        return self.may("POST", f"/servicebus/{BUS}/{queue}/messages", b"trial")

    def takes(self, queue: str = "orders") -> bool:
        return self.may("DELETE", f"/servicebus/{BUS}/{queue}/messages/head")

    def gets(self, name: str, container: str = "orders") -> bool:
        return self.may("GET", f"/blob/{ACCOUNT}/{container}/{name}")

    def puts(self, name: str, container: str = "orders") -> bool:
        return self.may("PUT", f"/blob/{ACCOUNT}/{container}/{name}", b"trial")

    def reads(self, secret: str) -> bool:
        """Tell whether it reads a secret of a vault, named `VAULT/NAME`; of one that is gone it does not."""
        vault, _, name = secret.partition("/")
        try:
            return self.may("GET", f"/vaults/{vault}/secrets/{name}")
        except RefusedError as refused:
            if refused.status != _GONE:
                raise
            return False

    def knows(self) -> bool:
        """Tell whether Azure takes the token for anybody's, whatever that may do: everybody may list subscriptions."""
        return self.may("GET", "/subscriptions")


ACCOUNT: Final = "nhiorders"
"""The storage account that `Session` uses."""


def attached(cloud: AzureCloud, identity: str) -> Session | None:
    """A session of a managed identity, as a machine that it is attached to gets it; None when there is none such.

    Args:
        cloud: where it lives.
        identity: its client id.
    """

    def token(audience: str) -> str:
        query = urlencode({"resource": audience, "client_id": identity})
        answer = _sent(cloud, "GET", f"/metadata/identity/oauth2/token?{query}", headers={"Metadata": "true"})
        return str(answer.json()["access_token"])

    return _session(cloud, token)


def exchanged(cloud: AzureCloud, client: str, assertion: str) -> Session | None:
    """A session of a managed identity for a foreign token, as `azure/login` gets it; None when Entra refuses that."""
    return _session(cloud, lambda audience: _exchange(cloud, client, assertion, audience))


def why_refused(cloud: AzureCloud, client: str, assertion: str) -> str:
    """The number of the reason for which Entra refuses a foreign token, such as `AADSTS700213`; empty for none."""
    try:
        _exchange(cloud, client, assertion, ARM)
    except RefusedError as refused:
        return str(json.loads(refused.text)["error_description"]).partition(":")[0]
    return ""


def _exchange(cloud: AzureCloud, client: str, assertion: str, audience: str) -> str:
    asked = {
        "grant_type": "client_credentials",
        "client_id": client,
        "scope": f"{audience}/.default",
        "client_assertion_type": _ASSERTION,
        "client_assertion": assertion,
    }
    answer = _sent(cloud, "POST", f"/{cloud.double.entra.tenant}/oauth2/v2.0/token", data=asked)
    return str(answer.json()["access_token"])


def _session(cloud: AzureCloud, token: Callable[[str], str]) -> Session | None:
    try:
        return Session(cloud, {audience: token(audience) for audience in _AUDIENCES.values()})
    except RefusedError as refused:
        if refused.status not in _NO_TOKEN:
            raise
        return None


def workload(cloud: AzureCloud, outputs: Mapping[str, Any]) -> Session:
    """A session of a bundle's managed identity, as what it is attached to gets it."""
    session = attached(cloud, outputs["client"])
    assert session is not None, f"there is no managed identity {outputs['client']}"
    return session


def everything(cloud: AzureCloud) -> dict[str, list[str]]:
    """What an empty subscription does not have of identities, by kind; kinds without any are left out.

    It is the double's own state: secrets that were deleted and could be brought back are there still, and so are
    assignments of principals that are gone.
    """
    double = cloud.double
    with double.lock:
        found = {
            "identities": [str(each["name"]) for each in double.identities.by_id.values()],
            "credentials": [each.subject for each in credentials(cloud)],
            "roles": [each.name for each in double.rbac.roles.custom.written.values()],
            "assignments": [each.id for each in double.rbac.assignments.written.values()],
            "secrets": [f"{vault}/{name}" for vault, name in double.vaults.by_name],
        }
    return {kind: sorted(names) for kind, names in found.items() if names}


def credentials(cloud: AzureCloud) -> list[Federated]:
    """The federated credentials of every managed identity."""
    with cloud.double.lock:
        return [each for id_ in cloud.double.identities.by_id for each in cloud.double.federation.of(id_)]


def assignments(cloud: AzureCloud, scope: str) -> list[Assignment]:
    """What is assigned at a scope itself, to whomever."""
    with cloud.double.lock:
        found = cloud.double.rbac.assignments.written.values()
        return [each for each in found if each.scope.lower() == scope.lower()]


def assert_gone(cloud: AzureCloud, stack: Project, *leases: str) -> None:
    """Assert that the state is empty and that the leases are confirmed gone; see `assert_confirmed_gone`."""
    assert stack.resources() == []
    assert_confirmed_gone(cloud, stack, *leases)


def assert_confirmed_gone(cloud: AzureCloud, stack: Project, *leases: str) -> None:
    """Assert that `nhi verify` finds nothing of the leases, and that sound evidence says that they are gone."""
    for lease in leases:
        reached = ("--system", "azure", "--connections", str(connections(cloud, stack)))
        looked = nhi(stack, "verify", "--lease", lease, *reached)
        assert looked.code == 0, looked.text
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in evidence(stack, lease)["removals"])


def assert_not_seen(fact: dict[str, Any]) -> None:
    """Assert that nobody claims to have seen access end, and that both of Azure's figures are told."""
    assert fact["state"] == "not-checked"
    for part in ("within 24 h", "up to 10 min", "was not seen here"):
        assert part in fact["reason"]


def connections(cloud: AzureCloud, stack: Project) -> Path:
    """A file that tells `nhi` how the double is reached where no state does."""
    url, file = cloud.double.url, stack.directory / "connections.json"
    reached = {"endpoint": url, "authority": url, "subscriptions": [SUBSCRIPTION]}
    file.write_text(json.dumps({"azure": {"default": reached}}))
    return file


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that came to the double.

    Attributes:
        at: when it was answered, in seconds of a clock that only goes on.
        method: its HTTP method.
        path: its path, without the query.
        agent: what sent it.
        status: of the answer.
    """

    at: float
    method: str
    path: str
    agent: str
    status: int


@contextmanager
def watched(cloud: AzureCloud) -> Iterator[list[Seen]]:
    """Note each call with its moment, also of those that a gate within the double answers."""
    seen: list[Seen] = []
    before = cloud.double.entrance

    def enter(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = (before or cloud.double.respond)(method, target, headers, body)
        path, agent = target.partition("?")[0], headers.get("user-agent", "")
        seen.append(Seen(time.monotonic(), method, path, agent, int(answer.status)))
        return answer

    cloud.double.entrance = enter
    try:
        yield seen
    finally:
        cloud.double.entrance = before
