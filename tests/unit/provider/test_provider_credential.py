"""What the state keeps of a credential, and what of it asks for a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.lifecycle.credentials.journal import Journal, Retiring
from nhi_components.lifecycle.credentials.looking import Standing
from nhi_components.lifecycle.credentials.ports import Key
from nhi_components.provider import credential
from nhi_components.provider.known import UNKNOWN

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
JOURNAL = Journal(key="KEY1", version=1, issued_at=NOW, generation=1)
STANDING = Standing(JOURNAL, (Key("KEY1"),), NOW + timedelta(days=7), ())


def inputs(*places: dict[str, Any], **changes: Any) -> dict[str, Any]:
    told = {
        "leaseId": "lease-aaaaaaaaaaaaaaaa",
        "identity": "printer",
        "environment": "dev",
        "owner": "team@example.com",
        "purpose": "prints labels",
        "issued": "2027-01-01",
        "ends": "2027-12-31",
        "state": "active",
        "revocation": "minutes",
        "stack": "trial/dev",
        "credential": {"source": {"kind": "aws-access-key"}, "places": list(places) or [{"kind": "vault-kv"}]},
    }
    return {**told, **changes}


def state(**changes: Any) -> dict[str, Any]:
    return {**credential.found(inputs(), STANDING), **changes}


def test_nothing_asks_for_a_run_while_all_is_as_it_was() -> None:
    assert credential.changed(state(), inputs()) == []
    assert credential.moved(state(), STANDING, NOW) == []


@pytest.mark.parametrize(
    "standing",
    [
        replace(STANDING, journal=replace(JOURNAL, version=2, key="KEY2")),
        replace(STANDING, drift=("a copy holds another version than was delivered",)),
        replace(STANDING, due_at=NOW),
        replace(STANDING, journal=replace(JOURNAL, retiring={"KEY0": Retiring(NOW, NOW)})),
    ],
    ids=["rotated elsewhere", "changed by hand", "due", "an overlap has ended"],
)
def test_what_became_of_it_meanwhile_asks_for_a_run(standing: Standing) -> None:
    assert credential.moved(state(), standing, NOW)


def test_a_suspended_one_asks_for_a_run_only_while_a_key_works() -> None:
    due = replace(STANDING, due_at=NOW)
    suspended = replace(due, keys=(Key("KEY1", enabled=False),))
    assert credential.moved(state(state="suspended"), suspended, NOW) == []
    assert credential.moved(state(state="suspended"), due, NOW) == ["state"]


def test_what_is_not_known_yet_is_said_to_be_at_preview() -> None:
    assert credential.foreseen(inputs(), {}, rotates=True)["version"] is UNKNOWN
    assert credential.foreseen(inputs(), state(), rotates=False)["keyId"] == "KEY1"
    assert credential.foreseen(inputs(), state(), rotates=True)["keyId"] is UNKNOWN


def test_inputs_that_are_known_at_deployment_only_are_refused_with_every_other_problem() -> None:
    with pytest.raises(SpecError, match="only at deployment"):
        credential.check(inputs({"kind": "vault-kv", "path": UNKNOWN}))
    with pytest.raises(SpecError) as caught:
        credential.check(inputs({"kind": "file", "path": "relative"}, {"kind": "secrets-manager", "secret": "?"}))
    assert len(caught.value.problems) == 2


def test_an_entry_that_moves_to_another_mount_leaves_one_behind_that_no_link_tells_of() -> None:
    before, after = inputs({"kind": "vault-kv"}), inputs({"kind": "vault-kv", "mount": "kv"})
    news = credential.CredentialInputs.from_state(after)
    (left,) = credential.hidden_behind(before, news)
    assert left.model_dump()["mount"] == "secret"
    assert credential.hidden_behind(after, news) == credential.hidden_behind({}, news) == []
    elsewhere = inputs({"kind": "vault-kv", "path": "team/orders"})
    assert credential.hidden_behind(elsewhere, news) == []


def test_two_entries_of_the_same_path_on_two_mounts_are_refused() -> None:
    with pytest.raises(SpecError, match="different paths"):
        credential.check(inputs({"kind": "vault-kv"}, {"kind": "vault-kv", "mount": "kv"}))
