"""What an intent allows and refuses: REST calls as an account of its own, on the double, which evaluates IAM.

The account has the custom roles and bindings that a component makes of the intent's grants, and nothing else. It calls
with access tokens that google-auth gets for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from secrets import token_bytes
from typing import Any

import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from nhi_components.core.gcp_names import account_id, role_id, role_name
from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS, Target
from nhi_components.core.lease_id import new_lease_id, suffix_of
from nhi_components.gcp.documents import condition
from tests.conformance.gcp_intents.trial import Call, Trial
from tests.conformance.gcp_intents.trials import TRIALS
from tests.conformance.gcp_intents.world import PROJECT, World, fill
from tools.doubles.gcp import GcpDouble

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
ENDS = "2999-12-31"
FORBIDDEN = 403


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with GcpDouble() as double:
        file = double.ambient(tmp_path_factory.mktemp("operator"))
        credentials = service_account.Credentials.from_service_account_file(file, scopes=SCOPES)
        yield World(double, AuthorizedSession(credentials))


@pytest.fixture
def world(made: World) -> World:
    """One world for all trials: what any of them changes are objects."""
    made.restore_objects()
    return made


class Holder:
    """An account that has an intent's grants and nothing else."""

    def __init__(self, world: World, trial: Trial, ends: str = ENDS, *, suspended: bool = False) -> None:
        double, self._world = world.double, world
        lease = new_lease_id(token_bytes())
        self._suffix = suffix_of(lease)
        self.email = str(double.accounts.make(PROJECT, account_id("trial", "dev", self._suffix))["email"])
        for needed in trial.bindings():
            target = needed.target
            assert isinstance(target, Target)
            role = needed.role.predefined or self._role(needed.role.project, needed.role.permissions)
            binding: dict[str, Any] = {"role": role, "members": [f"serviceAccount:{self.email}"]}
            if target.takes_conditions:
                binding["condition"] = condition(
                    ends, lease, "Try an intent.", needed.prefixes, target.resource, suspended=suspended
                )
            policy = double.policies.get(target.resource, version=3)
            policy["bindings"] = [*policy.get("bindings", ()), binding]
            double.policies.set(target.resource, {**policy, "version": 3})
        _, file = double.keys.make(self.email)
        self._session = AuthorizedSession(service_account.Credentials.from_service_account_info(file, scopes=SCOPES))

    def answered(self, call: Call) -> tuple[int, str]:
        """Make a call: the status and the text of its answer."""
        body = fill(call.body, self._world.ciphertexts.get(call.resource, ""))
        sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = self._session.request(call.method, f"{self._world.double.url}{call.path}", **sent)
        return answer.status_code, answer.text

    def _role(self, project: str, permissions: tuple[str, ...]) -> str:
        id_ = role_id("trial", "dev", self._suffix, permissions)
        role = {"title": "trial", "includedPermissions": list(permissions), "stage": "GA"}
        self._world.ask("POST", f"/v1/projects/{project}/roles", {"roleId": id_, "role": role})
        return role_name(project, id_)


def is_refused_for_it(call: Call, status: int, text: str) -> bool:
    return status == FORBIDDEN and (call.permission in text or not call.says_why)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_what_an_intent_allows_and_refuses(world: World, trial: Trial) -> None:
    holder = Holder(world, trial)
    asked = [(call, *holder.answered(call)) for call in trial.may_not if not call.double_lacks]
    allowed = [f"{call}: {status} {text}" for call, status, text in asked if not is_refused_for_it(call, status, text)]
    done = [(call, *holder.answered(call)) for call in trial.may if not call.double_lacks]
    refused = [f"{call}: {status} {text}" for call, status, text in done if not 200 <= status < 300]
    assert (refused, allowed) == ([], []), "(not done, not refused for that permission)"


ONE_OF_EACH = list({trial.intent: trial for trial in reversed(TRIALS) if not trial.beside}.values())
ANSWERED = [trial for trial in ONE_OF_EACH if any(not call.double_lacks for call in trial.may)]
ENDING = [trial for trial in ANSWERED if trial.described.kind not in WITHOUT_CONDITIONS]
GOING_ON = [trial for trial in ANSWERED if trial not in ENDING]


@pytest.mark.parametrize(("ends", "suspended"), [("2020-01-01", False), (ENDS, True)], ids=["ended", "suspended"])
@pytest.mark.parametrize("trial", ENDING, ids=lambda trial: trial.name)
def test_an_intent_on_what_takes_conditions_ends_by_itself(
    world: World, trial: Trial, ends: str, suspended: bool
) -> None:
    holder = Holder(world, trial, ends, suspended=suspended)
    asked = [(call, *holder.answered(call)) for call in trial.may if not call.double_lacks]
    assert [f"{call}: {status}" for call, status, _ in asked if status != FORBIDDEN] == []


@pytest.mark.parametrize("trial", GOING_ON, ids=lambda trial: trial.name)
def test_an_intent_on_what_takes_none_goes_on_until_its_account_is_disabled(world: World, trial: Trial) -> None:
    holder = Holder(world, trial, "2020-01-01")
    first = next(call for call in trial.may if not call.double_lacks)
    assert holder.answered(first)[0] == 200
    world.ask("POST", f"/v1/projects/{PROJECT}/serviceAccounts/{holder.email}:disable", {})
    with pytest.raises(RefreshError, match="account is disabled"):
        holder.answered(first)
    asked = world.double.asked(first.method, first.path.partition("?")[0])
    assert [each.status for each in asked][-2:] == [200, 401]


def test_a_wider_grant_would_be_noticed(world: World) -> None:
    narrow = next(trial for trial in TRIALS if trial.name == "storage.read_objects(prefix=in/)")
    holder = Holder(world, replace(narrow, parameters={}))
    refused = [call for call in narrow.may_not if not is_refused_for_it(call, *holder.answered(call))]
    assert [call.resource for call in refused] == ["projects/_/buckets/orders-objects/objects/out/1"] * 2
