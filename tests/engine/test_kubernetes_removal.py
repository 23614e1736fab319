"""What a removal on Kubernetes copes with, by the double: destroys in part, extras made by hand, namesakes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from tests.engine.kubernetes import NAME, SHOP, OneCluster, Session, bundle_on, subject, working
from tests.engine.programs import assert_gone, evidence, evidence_folder, nhi, resource
from tools.lab.project import Project

ACCOUNTS = f"/api/v1/namespaces/{SHOP}/serviceaccounts"
VIEW = {"kind": "ClusterRole", "name": "view"}


def test_what_was_added_by_hand_goes_with_it_and_the_evidence_tells(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    stack = bundle_on(cluster, project, token_audiences="['vault']")
    stack.up()
    outputs, session = working(stack, cluster)
    named = {"kubernetes.io/service-account.name": outputs["account"]}
    kept = {"type": "kubernetes.io/service-account-token", "metadata": {"annotations": named}}
    cluster.put("secrets", "by-hand", kept)
    token = base64.b64decode(cluster.objects("secrets")["by-hand"]["data"]["token"]).decode()
    dana = {"kind": "User", "name": "dana"}
    cluster.put("rolebindings", "shared", {"roleRef": VIEW, "subjects": [subject(outputs), dana]})
    cluster.put("clusterrolebindings", "alone", {"roleRef": VIEW, "subjects": [subject(outputs)]}, "")
    for_vault = cluster.session(outputs["account"], "vault")
    assert for_vault.reviewed("vault")

    stack.destroy()
    assert cluster.everything() == {"rolebindings": [f"{SHOP}/shared"]}
    assert [each["name"] for each in cluster.objects("rolebindings")["shared"]["subjects"]] == ["dana"]
    assert not any((session.reviewed(), Session(cluster, token).reviewed(), for_vault.reviewed("vault")))
    assert_gone(stack, outputs["lease"])
    removals = evidence(stack, outputs["lease"])["removals"]
    told = {(row["link"]["kind"], row["link"]["name"]): row for row in removals}
    assert told.keys() >= {
        ("kubernetes-subject", f"{SHOP}/shared"),
        ("kubernetes-subject", "alone"),
        ("kubernetes-secret", f"{SHOP}/by-hand"),
    }
    account = told["kubernetes-service-account", f"{SHOP}/{outputs['account']}"]
    assert "vault" in json.dumps(account["sessions_possible_until"])
    written = [file.read_text() for file in evidence_folder(stack).rglob("*") if file.is_file()]
    assert not any(secret in text for text in written for secret in cluster.issued())


def test_destroyed_in_part_it_works_again_after_the_next_up_and_goes_with_its_namespace(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    stack = bundle_on(cluster, project)
    stack.up()
    outputs, session = working(stack, cluster)
    stack.destroy("--target", resource(stack, "Seal")["urn"])
    assert not session.reads()
    stack.up()
    assert session.reads()

    stack.destroy("--target", resource(stack, "ServiceAccount")["urn"], "--target-dependents")
    assert cluster.everything() == {}
    assert not session.reviewed()
    stack.up()
    again, fresh = working(stack, cluster)
    assert {**again, "uid": ""} == {**outputs, "uid": ""}
    assert again["uid"] != outputs["uid"]
    stack.up("--expect-no-changes")

    cluster.ask("DELETE", f"/api/v1/namespaces/{SHOP}")
    stack.destroy()
    assert cluster.everything() == {}
    assert not fresh.reviewed()
    assert_gone(stack, outputs["lease"])


def test_an_account_made_anew_under_its_name_is_left_alone_also_after_a_refresh(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    stack = bundle_on(cluster, project)
    stack.up()
    outputs, _ = working(stack, cluster)
    theirs = made_anew(cluster, outputs["account"])
    standing = cluster.everything()
    refused = stack.destroy(check=False)
    assert refused.code != 0
    assert all(part in refused.text for part in ("not ours, but of the same name", theirs, "nhi repair"))
    assert cluster.everything() == standing
    repaired = nhi(stack, "repair", "--yes")
    assert repaired.code == 0, repaired.text
    stack.destroy()
    assert cluster.everything() == {"serviceaccounts": [f"{SHOP}/{outputs['account']}"]}
    assert cluster.objects("serviceaccounts")[outputs["account"]]["metadata"]["uid"] == theirs
    assert_gone(stack, outputs["lease"])
    assert theirs in {each["unique_id"] for each in evidence(stack, outputs["lease"])["namesakes"]}

    stack.up()
    again = stack.outputs()[NAME]
    assert again["account"] != outputs["account"]
    cluster.ask("DELETE", f"{ACCOUNTS}/{again['account']}")
    stack.refresh()
    others = cluster.ask("POST", ACCOUNTS, {"metadata": {"name": again["account"]}})["metadata"]["uid"]
    stack.destroy()
    left = {each["metadata"]["uid"] for each in cluster.objects("serviceaccounts").values()}
    assert (set(cluster.everything()), left) == ({"serviceaccounts"}, {theirs, others})
    assert_gone(stack, again["lease"])
    (namesake,) = evidence(stack, again["lease"])["namesakes"]
    assert namesake["unique_id"] == others


def made_anew(cluster: OneCluster, name: str) -> str:
    """Delete an account by hand, and make somebody else's under its name; return that one's uid."""
    cluster.ask("DELETE", f"{ACCOUNTS}/{name}")
    return str(cluster.ask("POST", ACCOUNTS, {"metadata": {"name": name}})["metadata"]["uid"])
