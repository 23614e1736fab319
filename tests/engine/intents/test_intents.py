"""What an intent allows, and what it refuses: real calls as a role of its own, on an emulator that evaluates IAM."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.aws.documents import grants_document
from tests.engine.intents.trial import Case, Trial
from tests.engine.intents.trials import trials_in
from tests.engine.intents.world import IMAGINED, Clients, World, make_role, make_world
from tools.lab.sandbox import Sandbox

ENDS = "2999-12-31"
REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
NOT_AUTHENTICATED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
NUMBERS = range(len(trials_in(IMAGINED)))
NAMES = [f"{number}-{trial.name}" for number, trial in enumerate(trials_in(IMAGINED))]


class Session:
    """A session of a role that has an intent's grants and nothing else."""

    def __init__(self, client: Clients, name: str, trial: Trial) -> None:
        grants = trial.grants()
        targets = [list(grant.targets) for grant in grants]
        role = make_role(client, name, grants_document(grants, targets, ENDS, None))
        opened = client("sts").assume_role(RoleArn=role, RoleSessionName="trial")["Credentials"]
        self._keys = {
            "aws_access_key_id": opened["AccessKeyId"],
            "aws_secret_access_key": opened["SecretAccessKey"],
            "aws_session_token": opened["SessionToken"],
        }
        self._client = client
        self._clients: dict[str, Any] = {}

    def may(self, case: Case) -> bool:
        """Tell whether a call is authorized; one that fails for another reason is."""
        client = self._clients.get(case.client)
        if client is None:
            client = self._clients[case.client] = self._client(case.client, **self._keys)
        try:
            getattr(client, case.method)(**case.arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert code not in NOT_AUTHENTICATED, f"{case}: {code}"
            return code not in REFUSED
        return True


@pytest.fixture(scope="module")
def client(systems: Sandbox) -> Clients:
    systems.reset()
    return systems.aws.client


@pytest.fixture(scope="module")
def world(client: Clients) -> World:
    return make_world(client)


@pytest.fixture(scope="module")
def trials(world: World) -> tuple[Trial, ...]:
    return trials_in(world)


@pytest.mark.parametrize("number", NUMBERS, ids=NAMES)
def test_what_an_intent_allows_and_refuses(client: Clients, trials: tuple[Trial, ...], number: int) -> None:
    trial = trials[number]
    session = Session(client, f"trial-{number}", trial)
    refused = [str(case) for case in trial.may if case.client and not session.may(case)]
    allowed = [str(case) for case in trial.may_not if case.client and session.may(case)]
    assert (refused, allowed) == ([], []), "(wrongly refused, wrongly allowed)"
