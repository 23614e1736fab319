"""The standard templates: complete, within their bounds, and true to what AWS documents."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from template_samples import TODAY, spec, template

from nhi_components.core.aws_action import actions_of, codes_of, matching_actions
from nhi_components.core.azure_operation import documented
from nhi_components.core.gcp_catalogue import matching, permissions_of_service
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Kind
from nhi_components.core.revocation import Revocation
from nhi_components.templates import SecretForm, judge
from nhi_components.templates.forbidden import forbidden_grant_problems
from nhi_components.templates.model import Settings
from nhi_components.templates.standard import VERSION, standard

ROOT = Path(__file__).parents[3]
EVERYONE = {"permission-change", "organization", "key-administration", "audit-trail"} | {
    "gcp-permission-change", "gcp-organization", "gcp-key-administration", "gcp-audit-trail",
    "azure-permission-change", "azure-organization", "azure-key-administration", "azure-audit-trail",
    "vault-system", "vault-logins", "vault-identities", "vault-key-export"
}  # fmt: skip


def test_each_kind_has_a_template_with_a_reason_for_each_setting() -> None:
    assert standard().version == VERSION
    assert set(standard().kinds) == set(Kind)
    for kind in standard().kinds.values():
        assert kind.why.keys() == Settings.model_fields.keys()


@pytest.mark.parametrize("kind", Kind)
def test_the_standard_grace_is_what_the_field_asks_for(kind: Kind) -> None:
    assert 7 <= template(kind).grace_days <= 30


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_may_administer(kind: Kind) -> None:
    assert template(kind).forbidden.keys() >= EVERYONE


def test_everything_that_can_be_forbidden_is_forbidden_somewhere() -> None:
    assert set(standard().forbidden) == {each for kind in Kind for each in template(kind).forbidden}


def test_pipelines_and_agents_federate_and_an_agent_has_a_sponsor() -> None:
    assert template(Kind.PIPELINE).secrets == template(Kind.AI_AGENT).secrets == (SecretForm.NONE,)
    assert [kind for kind in Kind if template(kind).sponsor_required] == [Kind.AI_AGENT]
    assert template(Kind.AI_AGENT).revocation is Revocation.IMMEDIATE
    assert template(Kind.THIRD_PARTY).approvers_needed("prod") == 1
    assert template(Kind.THIRD_PARTY).approvers_needed("dev") == 0


@pytest.mark.parametrize(
    ("service", "forbidden_by", "used_by_everyone"),
    [
        ("iam", ["permission-change", "pass-role"], set()),
        (
            "kms",
            ["key-administration"],
            {"decrypt", "derivesharedsecret", "encrypt", "reencryptfrom", "reencryptto", "retiregrant", "sign"}
            | {"generatedatakey", "generatedatakeypair", "generatedatakeypairwithoutplaintext", "generaterandom"}
            | {"generatedatakeywithoutplaintext", "generatemac", "verify", "verifymac"},
        ),
    ],
)
def test_every_change_that_aws_documents_is_forbidden(
    service: str, forbidden_by: list[str], used_by_everyone: set[str]
) -> None:
    patterns = [pattern for each in forbidden_by for pattern in standard().forbidden[each].actions]
    covered = frozenset[str]().union(*(matching_actions(pattern) for pattern in patterns))
    changes = {lower for lower, name in actions_of(service).items() if codes_of(service)[name][0] in "PWT"}
    assert {lower for lower in changes if f"{service}:{lower}" not in covered} == used_by_everyone


READS = ("get", "list", "search", "query", "fetch", "lookup", "test", "view", "check")


@pytest.mark.parametrize(
    ("service", "forbidden_by", "used_by_everyone"),
    [
        (
            "iam",
            ["gcp-permission-change", "gcp-act-as", "gcp-other-accounts"],
            {"googleapis.com/workforcePoolProviders.computeUserAttributes"},
        ),
        ("resourcemanager", ["gcp-permission-change", "gcp-organization"], set()),
        (
            "cloudkms",
            ["gcp-key-administration"],
            {f"cryptoKeyVersions.useTo{use}" for use in ("Decapsulate", "Decrypt", "Encrypt", "Sign", "Verify")}
            | {f"cryptoKeyVersions.useTo{use}ViaDelegation" for use in ("Decrypt", "Encrypt")}
            | {f"cryptoKeyVersions.manageRaw{use}Keys" for use in ("AesCbc", "AesCtr", "PKCS1")}
            | {"cryptoKeyVersions.managePqcSign", "ekmConnections.verifyConnectivity", "keyHandles.create"}
            | {"locations.generateRandomBytes", "folders.showEffectiveAutokeyConfig"}
            | {f"projects.showEffective{what}" for what in ("AutokeyConfig", "KajEnrollmentConfig", "KajPolicyConfig")},
        ),
    ],
)
def test_every_change_that_google_documents_is_forbidden(
    service: str, forbidden_by: list[str], used_by_everyone: set[str]
) -> None:
    patterns = [pattern for each in forbidden_by for pattern in standard().forbidden[each].permissions]
    covered = frozenset[str]().union(*(matching(pattern) for pattern in patterns))
    changes = {name for name in permissions_of_service(service) if not name.rpartition(".")[2].startswith(READS)}
    assert {name.removeprefix(f"{service}.") for name in changes - covered} == used_by_everyone


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "role",
    [
        *("pubsub.publisher", "pubsub.subscriber", "storage.objectViewer", "storage.objectUser", "run.invoker"),
        *("secretmanager.secretAccessor", "cloudkms.cryptoKeyEncrypterDecrypter", "bigquery.dataEditor"),
        *("logging.logWriter", "logging.viewer", "artifactregistry.writer"),
    ],
)
def test_roles_for_using_a_service_are_forbidden_to_nobody(kind: Kind, role: str) -> None:
    grant = Grant(actions=[f"roles/{role}"], targets=["projects/shop-dev"])
    assert list(forbidden_grant_problems(template(kind), 0, grant)) == []


@pytest.mark.parametrize(
    ("pattern", "forbidden_by", "used_by_everyone"),
    [
        ("Microsoft.Authorization/*", ["azure-permission-change"], set()),
        (
            "Microsoft.ManagedIdentity/*",
            ["azure-permission-change", "azure-pass-identity"],
            {
                "microsoft.managedidentity/register/action",
                "microsoft.managedidentity/userassignedidentities/listassociatedresources/action",
                "microsoft.managedidentity/userassignedidentities/revoketokens/action",
            },
        ),
        (
            "Microsoft.KeyVault/vaults/keys/*",
            ["azure-key-administration"],
            {f"microsoft.keyvault/vaults/keys/{use}/action" for use in ("encrypt", "decrypt", "sign", "verify")}
            | {f"microsoft.keyvault/vaults/keys/{use}/action" for use in ("wrap", "unwrap")},
        ),
    ],
)
def test_every_change_that_azure_documents_is_forbidden(
    pattern: str, forbidden_by: list[str], used_by_everyone: set[str]
) -> None:
    patterns = [each for name in forbidden_by for each in standard().forbidden[name].operations]
    covered = frozenset[tuple[str, bool]]().union(*(documented(each) for each in patterns))
    changes = {pair for pair in documented(pattern) if not pair[0].endswith("/read")}
    assert {name for name, _ in changes - covered} == used_by_everyone


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "role",
    [
        *("Storage Blob Data Reader", "Storage Blob Data Contributor", "Storage Queue Data Message Processor"),
        *("Azure Service Bus Data Sender", "Azure Service Bus Data Receiver", "Azure Event Hubs Data Receiver"),
        *("Key Vault Secrets User", "AcrPull", "AcrPush", "Cosmos DB Built-in Data Reader"),
    ],
)
def test_roles_of_azure_for_using_a_service_are_forbidden_to_nobody(kind: Kind, role: str) -> None:
    grant = Grant(actions=[role], targets=["/subscriptions/11111111-2222-3333-4444-555555555555"])
    assert list(forbidden_grant_problems(template(kind), 0, grant, on_paths=False)) == []


def test_using_and_reading_is_not_administration() -> None:
    patterns = standard().forbidden["key-administration"].actions + standard().forbidden["permission-change"].actions
    covered = frozenset[str]().union(*(matching_actions(pattern) for pattern in patterns))
    assert not [action for action in covered if action.startswith(("iam:get", "iam:list", "kms:describe"))]


def test_they_are_read_once() -> None:
    assert standard() is standard()


@pytest.mark.parametrize("file", ["examples/aws_workload_identity", "examples/vault_workload_identity", "README.md"])
def test_what_is_shown_to_people_meets_the_standard_template(file: str) -> None:
    text = (ROOT / file / "__main__.py" if not file.endswith(".md") else ROOT / file).read_text()
    shown = text[text.index('"expires"') :].split("\n", 1)[0].strip().rstrip(",")
    expires = ast.literal_eval(f"{{{shown}}}")["expires"]
    assert judge(spec(expires=expires, environment="prod"), template(), today=TODAY) == []


def test_templates_bring_no_sdk_and_no_pulumi() -> None:
    code = "import nhi_components.templates, sys; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(done.stdout)).isdisjoint({"pulumi", "boto3", "botocore", "hvac", "rich", "typer"})
