"""What states of Pulumi and Terraform declare: which identities, where, and that nothing else of a state is kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from nhi_components.cli.declared import declared_sources
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.inventory.declaring import declares
from nhi_components.core.inventory.records import Declaration, FoundIdentity, Manager, Record
from nhi_components.core.links import System
from nhi_components.facts.identified import Identified, identified_by_pulumi, identified_by_terraform
from nhi_components.lifecycle.declared.deployments import Origin, declarations_in
from nhi_components.lifecycle.declared.files import Files
from nhi_components.lifecycle.declared.stacks import stacks_of_folder
from nhi_components.lifecycle.declared.states import states_of
from nhi_components.lifecycle.discovery.ports import NotSeen, Source
from nhi_components.lifecycle.discovery.scanning import Scan, Scanner
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.unit.discovery.fakes import NOW

ARN = "arn:aws:iam::111111111111:role/orders"
SECRET = "hunter2-of-a-state"
AZURE_ID = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"
METADATA = {"namespace": "shop", "name": "orders", "uid": "uid-1"}


@pytest.mark.parametrize(
    ("pulumi", "terraform", "expected"),
    [
        (
            ("aws:iam/role:Role", "orders", {"arn": ARN, "uniqueId": "AROA1"}),
            ("aws_iam_role", {"id": "orders", "arn": ARN, "unique_id": "AROA1"}),
            (System.AWS, "iam-role", ARN, "AROA1"),
        ),
        (
            (
                "gcp:serviceaccount/account:Account",
                "projects/p",
                {"email": "o@p.iam.gserviceaccount.com", "uniqueId": "1"},
            ),
            ("google_service_account", {"email": "o@p.iam.gserviceaccount.com", "unique_id": "1"}),
            (System.GCP, "gcp-service-account", "serviceAccount:o@p.iam.gserviceaccount.com", "1"),
        ),
        (
            ("azure-native:managedidentity:UserAssignedIdentity", AZURE_ID, {"principalId": "p"}),
            ("azurerm_user_assigned_identity", {"id": AZURE_ID, "principal_id": "p"}),
            (System.AZURE, "azure-managed-identity", AZURE_ID, "p"),
        ),
        (
            ("azuread:index/application:Application", "/applications/o", {"objectId": "o", "clientId": "c"}),
            ("azuread_application", {"id": "/applications/o", "object_id": "o", "client_id": "c"}),
            (System.AZURE, "entra-application", "o", "o"),
        ),
        (
            ("kubernetes:core/v1:ServiceAccount", "shop/orders", {"metadata": METADATA}),
            ("kubernetes_service_account_v1", {"metadata": [METADATA]}),
            (System.KUBERNETES, "kubernetes-service-account", "kubernetes:shop/orders", "uid-1"),
        ),
        (
            ("kubernetes:core/v1:ServiceAccount", "shop/orders", {"metadata": METADATA}),
            ("kubernetes_manifest", {"object": {"kind": "ServiceAccount", "metadata": METADATA}}),
            (System.KUBERNETES, "kubernetes-service-account", "kubernetes:shop/orders", "uid-1"),
        ),
        (
            ("vault:appRole/authBackendRole:AuthBackendRole", "auth/approle/role/orders", {"namespace": "team"}),
            ("vault_approle_auth_backend_role", {"id": "auth/approle/role/orders", "namespace": "team"}),
            (System.VAULT, "vault-approle", "team/auth/approle/role/orders", ""),
        ),
        (
            ("vault:identity/entity:Entity", "e-1", {}),
            ("vault_identity_entity", {"id": "e-1"}),
            (System.VAULT, "vault-entity", "identity/entity/id/e-1", "e-1"),
        ),
        (("aws:iam/policy:Policy", "p", {"arn": ARN}), ("aws_iam_policy", {"arn": ARN}), None),
        (("aws:iam/role:Role", "orders", {}), ("aws_iam_role", {"id": "orders", "arn": None}), None),
        (
            ("kubernetes:core/v1:ConfigMap", "shop/orders", {"metadata": METADATA}),
            ("kubernetes_manifest", {"object": {"kind": "ConfigMap", "metadata": METADATA}}),
            None,
        ),
    ],
)
def test_both_managers_name_an_identity_as_its_system_does(
    pulumi: tuple[str, str, dict[str, Any]],
    terraform: tuple[str, dict[str, Any]],
    expected: tuple[System, str, str, str] | None,
) -> None:
    wanted = Identified(*expected) if expected else None
    assert identified_by_pulumi(*pulumi) == identified_by_terraform(*terraform) == wanted


@pytest.mark.parametrize(
    ("system", "declared", "unique_id", "key", "own_id", "expected"),
    [
        (System.AWS, ARN, "AROA1", ARN, "AROA1", True),
        (System.AWS, ARN, "AROA1", ARN, "AROA2", False),
        (System.AWS, "role/orders", "", f"{ARN}-2", "AROA1", False),
        (System.KUBERNETES, "kubernetes:shop/orders", "u", "c-1: kubernetes:shop/orders", "u", True),
        (System.KUBERNETES, "kubernetes:shop/orders", "u", "c-2: kubernetes:shop/orders", "v", False),
        (System.VAULT, "auth/approle/role/orders", "", "c/team/auth/approle/role/orders", "f", True),
        (System.VAULT, "auth/approle/role/orders", "", "c/xauth/approle/role/orders", "f", False),
        (System.AZURE, AZURE_ID, "p", AZURE_ID.lower(), "p", True),
        (System.GCP, ARN, "AROA1", ARN, "AROA1", False),
    ],
)
def test_a_declaration_is_of_the_identity_that_has_its_key_and_its_id(
    system: System, declared: str, unique_id: str, key: str, own_id: str, expected: bool
) -> None:
    declaration = Declaration(declared, unique_id, system, "role", Manager.PULUMI, "dev", "urn")
    owner = System.AWS if system is System.GCP else system
    assert declares(declaration, FoundIdentity(key, owner, "place", "role", "orders", own_id)) is expected


def role(urn: str, **fields: object) -> dict[str, Any]:
    outputs = {"arn": ARN, "uniqueId": "AROA1", "description": SECRET}
    return {"urn": urn, "type": "aws:iam/role:Role", "id": "orders", "outputs": outputs, **fields}


def checkpoint(*resources: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": {"resources": resources}}}


def write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)


def read(source: Files) -> tuple[list[Record], list[str]]:
    """Read a source's files; also give what could not be seen."""
    (beginning,) = source.beginnings()
    records, unseen = list[Record](), list[str]()
    for name in source.section(beginning).read(None).opens:
        try:
            records += source.section(name).read(None).records
        except NotSeen as error:
            unseen.append(str(error))
    return records, unseen


def test_a_folder_of_a_backend_tells_what_its_stacks_have_made_and_from_which_commit(tmp_path: Path) -> None:
    state = tmp_path / ".pulumi"
    gone, looked_up = role("urn:gone", delete=True), role("urn:data", external=True)
    write(state / "stacks/shop/dev.json", checkpoint(role("urn:dev"), gone, looked_up))
    write(state / "stacks/shop/prod.json.gz", checkpoint(role("urn:prod")))
    write(state / "stacks/shop/dev.json.bak", checkpoint(role("urn:backup")))
    for number, commit in ((1, "former"), (2, "latest")):
        told = {"git.head": commit, "vcs.kind": "github.com", "vcs.owner": "acme", "vcs.repo": "shop", "x": SECRET}
        update = {"kind": "update", "environment": told, "config": {"password": SECRET}}
        write(state / f"history/shop/dev/dev-{number}.history.json", update)
        write(state / f"history/shop/dev/dev-{number}.checkpoint.json", checkpoint(role("urn:former")))
    write(state / "history/shop/prod/prod-1.history.json", ["of another shape"])

    source = stacks_of_folder(tmp_path)
    assert (source.system, source.place()) == ("pulumi", str(tmp_path))
    records, unseen = read(source)
    made = (ARN, "AROA1", System.AWS, "iam-role", Manager.PULUMI)
    assert unseen == []
    assert records == [
        Declaration(*made, "shop/dev", "urn:dev", "github.com/acme/shop", "latest"),
        Declaration(*made, "shop/prod", "urn:prod"),
    ]
    assert SECRET not in repr(records)


def test_what_of_a_folder_is_no_state_is_told_and_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path / "dev.json", {"version": 3, "deployment": {"resources": [role("urn:dev")]}})
    write(tmp_path / "package.json", {"name": SECRET})
    write(tmp_path / "list.json", [SECRET])
    write(tmp_path / "odd.json", {"version": 3, "deployment": {"resources": [{"urn": SECRET}]}})
    (tmp_path / "broken.json").write_text(f'{{"{SECRET}')
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "packed.json.gz").write_bytes(b"no gzip")
    (tmp_path / "notes.txt").write_text("nothing")
    records, unseen = read(stacks_of_folder(tmp_path))
    assert [each.where for each in records if isinstance(each, Declaration)] == [str(tmp_path / "dev.json")]
    got = {Path(text.partition(":")[0]).name: text for text in unseen}
    assert sorted(got) == ["binary.json", "broken.json", "list.json", "odd.json", "package.json", "packed.json.gz"]
    assert "resources[0]" in got["odd.json"]
    assert "expected the state of a Pulumi stack" in got["package.json"]
    assert all("fix: " in text and SECRET not in text for text in unseen)
    for odd in ({"resources": SECRET}, {"resources": [{**role("urn"), "outputs": [SECRET]}]}):
        with pytest.raises(NotSeen, match="expected a"):
            list(declarations_in("dev", odd, Origin()))


def tf(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"version": 4, "terraform_version": "1.9.0", "resources": resources}


def test_states_of_terraform_are_chosen_by_a_pattern_and_plans_are_refused(tmp_path: Path) -> None:
    attributes = {"id": "orders", "arn": ARN, "unique_id": "AROA1", "description": SECRET}
    made = {"type": "aws_iam_role", "name": "orders", "mode": "managed"}
    instances = [{"index_key": "a", "attributes": attributes}]
    looked_up = {**made, "mode": "data", "instances": instances}
    write(tmp_path / "a/b/one.tfstate", tf([{**made, "module": "module.m", "instances": instances}, looked_up]))
    shown = {
        "root_module": {"resources": [{"address": "aws_iam_role.o", "type": "aws_iam_role", "values": attributes}]}
    }
    write(tmp_path / "a/two.tfstate", {"format_version": "1.0", "terraform_version": "1.9.0", "values": shown})
    write(tmp_path / "a/plan.tfstate", {"format_version": "1.2", "planned_values": shown, "terraform_version": "1"})
    write(tmp_path / "a/encrypted.tfstate", {"encrypted_data": SECRET})
    write(tmp_path / "a/old.tfstate", {"version": 3, "terraform_version": "0.11.0", "modules": []})
    write(tmp_path / ".terraform/terraform.tfstate", tf([{**made, "instances": instances}]))

    records, unseen = read(states_of(str(tmp_path / "**" / "*.tfstate")))
    one = (ARN, "AROA1", System.AWS, "iam-role", Manager.TERRAFORM)
    assert records == [
        Declaration(*one, str(tmp_path / "a/b/one.tfstate"), 'module.m.aws_iam_role.orders["a"]'),
        Declaration(*one, str(tmp_path / "a/two.tfstate"), "aws_iam_role.o"),
    ]
    assert ["a plan" in text or "encrypted" in text or "version" in text for text in unseen] == [True] * 3
    assert SECRET not in repr((records, unseen))
    alone = states_of(str(tmp_path / "a/two.tfstate"))
    assert read(alone)[0] == records[1:]
    assert alone.place() == str(tmp_path / "a/two.tfstate")


def scan(folder: Path, sources: Iterable[Source]) -> tuple[Scan, list[tuple[str, str, bool]]]:
    inventory = open_inventory(folder / "inventory.db")
    try:
        done = Scanner(inventory, lambda: NOW, lambda _: None).scan(list(sources))
        with inventory.reading() as connection:
            rows = connection.execute(select(tables.declarations).order_by(tables.declarations.c.stack)).all()
        return done, [(row.stack, row.revision, row.gone_at is not None) for row in rows]
    finally:
        inventory.close()


def test_declarations_are_kept_and_are_gone_once_their_stack_is(tmp_path: Path) -> None:
    folder = tmp_path / "backend"
    stacks = folder / ".pulumi/stacks/shop"
    for name in ("dev", "prod"):
        write(stacks / f"{name}.json", checkpoint(role(f"urn:{name}")))
    assert scan(tmp_path, declared_sources([str(folder)], []))[1] == [("shop/dev", "", False), ("shop/prod", "", False)]
    # A scan that is not told of the folder says nothing of it.
    scan(tmp_path, [])
    (stacks / "prod.json").unlink()
    done, rows = scan(tmp_path, declared_sources([f"file://{folder}"], []))
    assert done.complete
    assert rows == [("shop/dev", "", False), ("shop/prod", "", True)]
    (stacks / "dev.json").write_text("{")
    done, rows = scan(tmp_path, declared_sources([str(folder)], []))
    assert not done.complete
    assert rows[0] == ("shop/dev", "", False)


@pytest.mark.parametrize(
    ("stacks", "states", "expected"),
    [
        (["{tmp}/nowhere"], [], "no folder"),
        ([], ["{tmp}/*.tfstate"], "no file"),
        (["ftp://example.com"], [], "a URL of ftp"),
        ([f"https://user:{SECRET}@example.com"], [], "with a credential"),
        ([f"s3://bucket?awsAccessKey={SECRET}"], [], "with a credential"),
    ],
)
def test_what_cannot_be_a_source_is_told_without_what_may_be_secret(
    tmp_path: Path, stacks: list[str], states: list[str], expected: str
) -> None:
    with pytest.raises(SpecError, match=expected) as refused:
        declared_sources([each.format(tmp=tmp_path) for each in stacks], [each.format(tmp=tmp_path) for each in states])
    assert SECRET not in str(refused.value)


def test_a_folder_that_is_gone_by_now_is_told_as_unreachable(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    source = stacks_of_folder(folder)
    folder.rmdir()
    with pytest.raises(SystemUnreachable, match="correct the path"):
        source.place()
    with pytest.raises(NhiError):
        source.section("file/dev.json").read(None)
