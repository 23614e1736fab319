"""What is special about a type of resource, and how the plugin meets what people do by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from nhi_components.provider.known import UNKNOWN
from tools.doubles.gcp.double import PROJECT
from tools.plugins.gcp.accounts import ACCOUNT as ACCOUNTS
from tools.plugins.gcp.accounts import Account
from tools.plugins.gcp.google import Google
from tools.plugins.provider import PluginProvider
from tools.plugins.resource import PluginError, Properties

if TYPE_CHECKING:
    from tests.unit.plugins.conftest import Engine

ACCOUNT = "gcp:serviceaccount/account:Account"
ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
SECRET = "gcp:secretmanager/secret:Secret"
TOPIC = "gcp:pubsub/topic:Topic"
BUCKET = "gcp:storage/bucket:Bucket"
DATASET = "gcp:bigquery/dataset:Dataset"
EMAIL = f"printer-test@{PROJECT}.iam.gserviceaccount.com"
PRINTER = {"accountId": "printer-test"}
PRINTS = {"roleId": "printer_test", "title": "Prints", "permissions": ["pubsub.topics.publish"]}
LABELLED = {"secretId": "s", "replication": {"auto": {}}, "labels": {"team": "print"}}
IN_EUROPE = {"name": "nhi-labels", "location": "eu", "uniformBucketLevelAccess": True}


def test_an_accounts_address_is_known_before_it_is_made_and_its_unique_id_is_not(plugin: Engine) -> None:
    told = plugin.preview(ACCOUNT, PRINTER)
    assert (told["email"], told["member"], told["project"]) == (EMAIL, f"serviceAccount:{EMAIL}", PROJECT)
    assert told["uniqueId"] is told["name"] is UNKNOWN
    assert plugin.preview(ACCOUNT, {"accountId": UNKNOWN})["email"] is UNKNOWN
    assert plugin.calls() == []


def test_an_account_is_made_enabled_whatever_the_program_says_and_disabled_by_the_next_update(plugin: Engine) -> None:
    wanted = {**PRINTER, "disabled": True}
    kept = plugin.create(ACCOUNT, wanted)
    assert kept.outputs["disabled"] is False
    assert plugin.diff(kept, wanted).diffs == ["disabled"]
    updated = plugin.update(kept, wanted)
    assert plugin.double.accounts.by_email[EMAIL]["disabled"] is True
    assert [each.split("/")[-1] for each in updated.calls] == [EMAIL, f"{EMAIL}:disable"]
    assert plugin.update(updated, PRINTER).calls[-1].endswith(":enable")


def test_an_account_that_is_there_is_taken_over_only_where_that_is_asked_for(plugin: Engine) -> None:
    made = plugin.double.accounts.make(PROJECT, "printer-test")
    with pytest.raises(PluginError, match="Error creating service account: googleapi: Error 409: "):
        plugin.create(ACCOUNT, PRINTER)
    kept = plugin.create(ACCOUNT, {**PRINTER, "createIgnoreAlreadyExists": True})
    assert kept.outputs["uniqueId"] == made["uniqueId"]


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"accountId": "p"}, "accountId\n    got:      a text of another form"),
        ({"accountId": "Printer-Test"}, "accountId\n    got:      a text of another form"),
        ({**PRINTER, "description": "ü" * 129}, "description\n    got:      258 bytes"),
    ],
)
def test_what_iam_would_refuse_is_refused_at_preview(plugin: Engine, inputs: dict[str, Any], told: str) -> None:
    (problem,) = plugin.problems(ACCOUNT, inputs)
    assert problem.startswith(told)


def test_what_the_plugin_does_not_pass_on_is_refused_and_never_dropped(plugin: Engine) -> None:
    (problem,) = plugin.problems(TOPIC, {"name": "t", "schemaSettings": {"schema": "s"}})
    assert problem.startswith("schemaSettings\n    got:      an input that the test plugin does not pass on")


def test_a_role_that_was_deleted_softly_is_undeleted_and_patched(plugin: Engine) -> None:
    kept = plugin.create(ROLE, PRINTS)
    plugin.delete(kept)
    again = plugin.create(ROLE, {**PRINTS, "permissions": ["pubsub.topics.get"]})
    path = f"/v1/projects/{PROJECT}/roles/printer_test"
    assert again.calls == [f"GET {path}", f"GET {path}", f"POST {path}:undelete", f"PATCH {path}", f"GET {path}"]
    assert again.outputs["permissions"] == ["pubsub.topics.get"]
    assert again.outputs["deleted"] is False


def test_a_role_of_somebody_else_is_not_taken_over(plugin: Engine) -> None:
    plugin.create(ROLE, PRINTS)
    with pytest.raises(PluginError, match="already exists and must be imported"):
        plugin.create(ROLE, PRINTS)


def test_a_role_that_a_person_deleted_stays_in_the_state_and_an_update_undeletes_it(plugin: Engine) -> None:
    kept = plugin.create(ROLE, PRINTS)
    plugin.delete(kept)
    found = plugin.refresh(kept)
    assert found is not None
    assert found.outputs["deleted"] is True
    assert not plugin.diff(found, PRINTS).changes
    with pytest.raises(PluginError, match="Error deleting the custom project role Prints: googleapi: Error 400: "):
        plugin.delete(found)
    assert plugin.update(found, {**PRINTS, "title": "Prints again"}).outputs["deleted"] is False
    plugin.delete(kept)


def test_the_order_of_permissions_is_no_change(plugin: Engine) -> None:
    both = ["pubsub.topics.publish", "pubsub.topics.get"]
    kept = plugin.create(ROLE, {**PRINTS, "permissions": both})
    assert not plugin.diff(kept, {**PRINTS, "permissions": both[::-1]}).changes
    assert plugin.diff(kept, PRINTS).diffs == ["permissions"]


def test_a_pool_that_was_deleted_softly_is_gone_and_its_id_is_taken(plugin: Engine) -> None:
    kept = plugin.create(POOL, {"workloadIdentityPoolId": "printers"})
    plugin.delete(kept)
    assert plugin.refresh(kept) is None
    with pytest.raises(PluginError, match="Error creating WorkloadIdentityPool: googleapi: Error 409: "):
        plugin.create(POOL, {"workloadIdentityPoolId": "printers"})


def test_labels_of_others_stay_and_those_of_the_program_come_and_go(plugin: Engine) -> None:
    kept = plugin.create(SECRET, LABELLED)
    provisioned = {"goog-pulumi-provisioned": "true"}
    assert kept.outputs["labels"] == {"team": "print"}
    assert kept.outputs["pulumiLabels"] == {**provisioned, "team": "print"}
    secret = plugin.double.secrets.find(PROJECT, "s")
    assert secret is not None
    secret.facts["labels"]["by"] = "hand"
    found = plugin.refresh(kept)
    assert found is not None
    assert not plugin.diff(found, LABELLED).changes

    updated = plugin.update(found, {**LABELLED, "labels": {"cost": "print"}})
    assert updated.outputs["effectiveLabels"] == {**provisioned, "by": "hand", "cost": "print"}
    secret.facts["labels"]["cost"] = "by hand"
    drifted = plugin.refresh(updated)
    assert drifted is not None
    assert plugin.diff(drifted, {**LABELLED, "labels": {"cost": "print"}}).diffs == ["labels"]


def test_what_may_not_be_deleted_is_not_and_what_is_abandoned_is_left(plugin: Engine) -> None:
    kept = plugin.create(SECRET, {**LABELLED, "deletionProtection": True})
    with pytest.raises(PluginError, match="deletion_protection=false"):
        plugin.delete(kept)
    kept = plugin.update(kept, {**LABELLED, "deletionPolicy": "PREVENT"})
    assert kept.calls == [f"GET /v1/projects/{PROJECT}/secrets/s"]
    with pytest.raises(PluginError, match="deletion_policy"):
        plugin.delete(kept)
    assert plugin.delete(plugin.update(kept, {**LABELLED, "deletionPolicy": "ABANDON"})) == []
    assert plugin.double.secrets.find(PROJECT, "s") is not None


def test_a_bucket_with_objects_is_emptied_only_where_that_is_asked_for(plugin: Engine) -> None:
    kept = plugin.create(BUCKET, IN_EUROPE)
    assert kept.outputs["location"] == "EU"
    assert not plugin.diff(kept, IN_EUROPE).changes
    put_object(plugin, "nhi-labels", "folder/one")
    with pytest.raises(PluginError, match="without `force_destroy` set to true"):
        plugin.delete(kept)
    forced = plugin.update(kept, {**IN_EUROPE, "forceDestroy": True})
    calls = plugin.delete(forced)
    assert calls[2].startswith("DELETE /storage/v1/b/nhi-labels/o/folder%2Fone?generation=")
    assert calls[3] == "DELETE /storage/v1/b/nhi-labels"


def put_object(plugin: Engine, bucket: str, name: str) -> None:
    client = plugin.provider._connected()
    url = f"upload/storage/v1/b/{bucket}/o"
    address = client.settings.endpoints["storage"].replace("storage/v1/", url)
    from tools.plugins.rest import send

    query = {"uploadType": "media", "name": name}
    headers = {"Authorization": f"Bearer {client.settings.token}"}
    assert send("POST", address, query=query, body={"a": 1}, headers=headers).status == 200


def test_a_change_of_a_dataset_takes_nobodys_access_away(plugin: Engine) -> None:
    owners = [{"role": "OWNER", "specialGroup": "projectOwners"}]
    wanted = {"datasetId": "ds", "accesses": owners}
    kept = plugin.create(DATASET, wanted)
    member = {"datasetId": "ds", "role": "roles/bigquery.dataViewer"}
    member["member"] = f"serviceAccount:{plugin.double.accounts.make(PROJECT, 'printer-test')['email']}"
    reader = plugin.create("gcp:bigquery/datasetIamMember:DatasetIamMember", member)
    plugin.update(kept, {**wanted, "description": "labels"})
    assert plugin.refresh(reader) is not None


def test_what_is_gone_already_is_deleted(plugin: Engine) -> None:
    for token, inputs in ((ACCOUNT, PRINTER), (SECRET, LABELLED), (TOPIC, {"name": "labels"}), (BUCKET, IN_EUROPE)):
        kept = plugin.create(token, inputs)
        plugin.delete(kept)
        assert plugin.refresh(kept) is None
        if token != BUCKET:
            assert len(plugin.delete(kept)) == 1


def test_a_resource_is_imported_by_its_id(plugin: Engine) -> None:
    kept = plugin.create(SECRET, LABELLED)
    asked = rpc.ReadRequest(kept.urn, kept.resource_id, {}, {})
    read = asyncio.run(plugin.provider.read(asked))
    assert read.resource_id == f"projects/{PROJECT}/secrets/s"
    assert read.inputs["secretId"].value == "s"
    assert read.properties["project"].value == PROJECT


def test_throttling_is_waited_out_and_an_outage_is_given_up_after_a_minute(plugin: Engine) -> None:
    plugin.double.fail(429, times=2, target="POST .*serviceAccounts")
    plugin.create(ACCOUNT, PRINTER)
    assert plugin.naps == [0.5, 1.0]
    plugin.naps.clear()
    plugin.double.fail(503)
    with pytest.raises(PluginError, match="Error 503"):
        plugin.create(ACCOUNT, {"accountId": "robot-test"})
    assert timedelta(seconds=sum(plugin.naps)) > timedelta(minutes=1)


def test_a_missing_project_is_told(plugin: Engine) -> None:
    client = plugin.provider._connected()
    object.__setattr__(client.settings, "project", "")
    with pytest.raises(PluginError, match="project: required field is not set"):
        plugin.create(TOPIC, {"name": "labels"})


def test_a_type_that_is_not_served_is_told(plugin: Engine) -> None:
    with pytest.raises(PluginError, match="gcp:dns/managedZone:ManagedZone is not served by the test plugin of gcp"):
        plugin.problems("gcp:dns/managedZone:ManagedZone", {})


@dataclass(frozen=True, kw_only=True)
class _Talkative(Account):
    def read(self, client: Google, resource_id: str, state: Properties) -> Properties | None:
        return {"email": "a@b.c", "shoeSize": 43}


def test_an_output_that_the_sdk_does_not_have_is_an_error_of_the_plugin(plugin: Engine) -> None:
    class Provider(PluginProvider[Google]):
        def connect(self, settings: Properties) -> Google:
            return plugin.provider._connected()

    provider = Provider("gcp", "0", {ACCOUNT: _Talkative(token=ACCOUNT, patterns=ACCOUNTS.patterns)})
    asyncio.run(provider.configure(rpc.ConfigureRequest({}, {}, True, True)))
    urn = f"urn:pulumi:dev::trial::{ACCOUNT}::thing"
    asked = rpc.ReadRequest(urn, "x", {"email": PropertyValue("a@b.c")}, {})
    with pytest.raises(PluginError, match="has no output shoeSize"):
        asyncio.run(provider.read(asked))
