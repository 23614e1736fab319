"""A pack judges what the identities of a stack may do with each other's permissions."""

from __future__ import annotations

import json
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from nhi_components.crossguard import EXCEPTIONS, REQUIRED_OF_STACK
from nhi_components.facts import Platform
from tests.unit.crossguard.pack import ROLE, ROLE_POLICY, Pack, exception, rules_of

ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


OF_LAMBDA = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
OF_CI = document(Principal={"AWS": "arn:aws:iam::111122223333:role/ci"}, Action="sts:AssumeRole")


def with_a_path(pack: Pack) -> Pack:
    pack.analyze(ROLE, {"name": "ci", "assumeRolePolicy": OF_LAMBDA}, "urn:ci")
    pack.analyze(ROLE, {"name": "deploy", "assumeRolePolicy": OF_CI}, "urn:deploy")
    inputs = {"role": UNKNOWN_STRING_VALUE, "policyArn": ADMINISTRATOR}
    pack.analyze(ATTACHMENT, inputs, "urn:attached", references={"role": ["urn:deploy"]})
    return pack


def test_a_path_blocks_the_stack_at_its_beginning() -> None:
    ((urn, message),) = with_a_path(Pack()).end()[REQUIRED_OF_STACK]
    assert urn == "urn:ci"
    assert "ci may assume deploy (its trust names ci), which is administrator" in message


def test_an_exception_permits_a_path() -> None:
    excepted = exception(rule="chain.path-to-admin", resource="urn:ci")
    told = with_a_path(Pack(config={"exceptions": [excepted]})).end()
    assert not any(told.values())


def test_a_pack_of_another_system_does_not_judge_it() -> None:
    assert not any(with_a_path(Pack(systems=[Platform.VAULT])).end().values())


def test_documents_of_one_identity_are_judged_together() -> None:
    pack = Pack()
    pack.analyze(ROLE, {"name": "ci", "assumeRolePolicy": OF_LAMBDA}, "urn:ci")
    passes, runs = document(Action="iam:PassRole", Resource="*"), document(Action="ec2:RunInstances", Resource="*")
    for urn, policy in (("urn:passes", passes), ("urn:runs", runs)):
        pack.analyze(
            ROLE_POLICY, {"role": UNKNOWN_STRING_VALUE, "policy": policy}, urn, references={"role": ["urn:ci"]}
        )
    ((urn, message),) = pack.end()[REQUIRED_OF_STACK]
    assert (urn, rules_of([message])) == ("urn:ci", ["chain.combined-escalation"])


def test_what_hangs_on_an_unknown_value_is_advice() -> None:
    pack = Pack()
    assume = document(Action="sts:AssumeRole", Resource="arn:aws:iam::111122223333:role/deploy")
    inline = [{"name": "assume", "policy": assume}]
    pack.analyze(ROLE, {"name": "ci", "assumeRolePolicy": OF_LAMBDA, "inlinePolicies": inline}, "urn:ci")
    inputs = {"name": "deploy", "assumeRolePolicy": UNKNOWN_STRING_VALUE, "managedPolicyArns": [ADMINISTRATOR]}
    pack.analyze(ROLE, inputs, "urn:deploy")
    told = pack.end()
    assert not told[REQUIRED_OF_STACK]
    assert [(urn, rules_of([text])) for urn, text in told[EXCEPTIONS]] == [("urn:ci", ["chain.doubtful-path"])]
