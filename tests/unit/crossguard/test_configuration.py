"""A pack's configuration: its errors, what strict governs, exceptions, and several packs with the same exceptions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from nhi_components.crossguard import EXCEPTIONS, REQUIRED, policies
from nhi_components.crossguard.configuration import SCHEMA
from nhi_components.crossguard.spec import PackSpec
from nhi_components.crossguard.systems import BEARS_NO_LABELS, SYSTEMS, identities, system_of
from nhi_components.facts import Platform, PulumiResource, pulumi_reader, read_pulumi_resource
from nhi_components.rules import JudgeConfig, Mode
from nhi_components.rules.registry import subjects
from nhi_components.version import VERSION
from tests.unit.crossguard.pack import ENDS, NOTHING, ROLE, ROLE_POLICY, WILDCARD, Pack, exception, rules_of

PACKS = Path(__file__).parents[3] / "policies"
ALL = identities(frozenset(SYSTEMS))
OWNED = {"nhi:owner": "team@example.com", "nhi:ends": ENDS}


def platform_of(token: str) -> Platform:
    platform = system_of(token)
    assert platform is not None
    return platform


def stale(pack: Pack) -> list[str]:
    return [message for _, message in pack.end()[EXCEPTIONS]]


def test_a_bad_configuration_blocks_with_every_problem_and_judges_nothing() -> None:
    given = {"mode": "lax", "exceptions": [{"rule": "aws.*"}], "levls": {}, "remediate": {"ends": "soon"}}
    pack = Pack(config=given)
    (message,) = pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    for part in ("mode", "exceptions[0].rule", "exceptions[0].ends", "levls", "remediate.ends", "Nothing is judged"):
        assert part in message
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "next") == NOTHING
    assert stale(pack) == []


def test_the_schema_describes_every_field_and_leaves_judging_to_us() -> None:
    assert SCHEMA.keys() == PackSpec.model_fields.keys()
    assert all(member.keys() == {"description"} for member in SCHEMA.values())
    schema = policies()[0].config_schema
    assert schema is not None
    assert schema.properties == SCHEMA


@pytest.mark.parametrize("token", ALL)
def test_strict_governs_every_identity_and_baseline_those_that_bear_our_mark(token: str) -> None:
    missing = ["identity.end-missing", "identity.owner-missing"]
    for strict in (Pack(JudgeConfig(mode=Mode.STRICT)), Pack(config={"mode": "strict"})):
        assert set(missing) <= set(rules_of(strict.analyze(token, {})[REQUIRED]))
    alone = Pack(JudgeConfig(mode=Mode.STRICT), systems=[platform_of(token)])
    assert set(missing) <= set(rules_of(alone.analyze(token, {})[REQUIRED]))
    marked = {"tags": {"nhi:managed-by": "nhi_components"}}
    assert not set(missing) & set(rules_of(Pack().analyze(token, {})[REQUIRED]))
    assert set(missing) <= set(rules_of(Pack().analyze(token, marked)[REQUIRED]))


@pytest.mark.parametrize("token", ALL)
def test_an_identity_can_meet_what_strict_asks_or_is_told_another_way(token: str) -> None:
    pack = Pack(JudgeConfig(mode=Mode.STRICT))
    labels = {key.replace(":", "_") if ALL[token] == "metadata" else key: value for key, value in OWNED.items()}
    about = [text for text in pack.analyze(token, {ALL[token]: labels})[REQUIRED] if text.startswith("[identity.")]
    if ALL[token] == BEARS_NO_LABELS:
        assert all("enclose it in a component" in text for text in about)
        assert len(about) == 2
    else:
        assert about == []


def test_what_the_team_governs_replaces_what_strict_governs() -> None:
    pack = Pack(config={"mode": "strict", "governed": ["aws:iam/user:User"]})
    assert pack.analyze(ROLE, {}) == NOTHING
    assert pack.analyze("aws:iam/user:User", {})[REQUIRED]
    assert Pack(config={"mode": "strict", "governed": []}).analyze("aws:iam/user:User", {}) == NOTHING
    assert Pack(JudgeConfig(governed=(ROLE,))).analyze(ROLE, {})[REQUIRED]


def test_what_a_pack_governs_by_default_replaces_what_strict_governs() -> None:
    pack = Pack(JudgeConfig(mode=Mode.STRICT, governed=("aws:iam/user:User",)))
    assert pack.analyze(ROLE, {}) == NOTHING
    assert pack.analyze("aws:iam/user:User", {}, "user")[REQUIRED]


def test_what_to_put_right_needs_the_level_that_has_it_put_right() -> None:
    (message,) = Pack(config={"remediate": {"owner": "team@example.com"}}).analyze(ROLE, {})[REQUIRED]
    assert '"enforcementLevel": "remediate"' in message
    assert "Nothing is judged" in message


def test_every_package_that_is_read_belongs_to_a_system() -> None:
    for package, folder in pulumi_reader._READER_OF_PACKAGE.items():
        assert system_of(f"{package}:index/thing:Thing") == folder
    assert system_of("random:index/randomPet:RandomPet") is None
    assert system_of("nhi:vault:WorkloadIdentity") is Platform.VAULT
    assert system_of("nhi:index:Lease") is None


def test_an_exception_lets_a_resource_pass_and_is_not_called_unused() -> None:
    pack = Pack(config={"exceptions": [exception()]})
    assert "aws.wildcard-action" not in rules_of(pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED])
    assert "aws.wildcard-action" in rules_of(pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "another")[REQUIRED])
    assert stale(pack) == []


def test_an_expired_exception_permits_nothing_and_is_told_at_the_end() -> None:
    pack = Pack(config={"exceptions": [exception(ends="2026-01-15")]})
    assert "aws.wildcard-action" in rules_of(pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED])
    assert rules_of(stale(pack)) == ["exception.expired"]


def test_an_exception_that_nothing_needed_is_told_at_the_end() -> None:
    pack = Pack(config={"exceptions": [exception(resource="elsewhere")]})
    pack.analyze(ROLE_POLICY, {"policy": WILDCARD})
    (message,) = stale(pack)
    assert message.startswith("[exception.unused] elsewhere")


def test_a_pack_leaves_exceptions_of_other_packs_to_them() -> None:
    exceptions = [
        exception(resource="elsewhere"),
        exception(rule="vault.root-path", resource="elsewhere"),
        exception(rule="vault.sudo-capability", ends="2020-01-01"),
        exception(rule="document.unjudged", resource="elsewhere"),
        exception(rule="identity.owner-missing", ends="2020-01-01"),
    ]
    told = {}
    for name, systems in {"all": list(SYSTEMS), "aws": [Platform.AWS], "vault": [Platform.VAULT]}.items():
        pack = Pack(config={"exceptions": exceptions}, systems=systems)
        pack.analyze(ROLE, {})
        told[name] = sorted(re.findall(r"\[(exception\.\w+)\]|exception to (\S+)", "\n".join(stale(pack))))
    of_aws = named("unused", "aws.wildcard-action")
    of_vault = [*named("unused", "vault.root-path"), *named("expired", "vault.sudo-capability")]
    of_none, of_some = named("unused", "document.unjudged"), named("expired", "identity.owner-missing")
    assert told["aws"] == sorted([*of_aws, *of_some])
    assert told["vault"] == sorted([*of_vault, *of_some])
    assert told["all"] == sorted([*of_aws, *of_vault, *of_none, *of_some])


def named(what: str, rule: str) -> list[tuple[str, str]]:
    return [(f"exception.{what}", ""), ("", rule)]


def test_an_exception_to_a_rule_that_is_disabled_here_is_not_called_unused() -> None:
    given = {"levels": {"aws.wildcard-action": "disabled"}, "exceptions": [exception()]}
    pack = Pack(config=given)
    pack.analyze(ROLE_POLICY, {"policy": WILDCARD})
    assert stale(pack) == []


def test_the_reader_names_the_tokens_that_the_data_names() -> None:
    for token in ALL:
        assert read_pulumi_resource(PulumiResource("urn", token, {}))[0].resource.type == token


def test_the_configuration_that_the_documentation_shows_is_taken() -> None:
    text = Path(__file__).parents[3].joinpath("docs/packs.md").read_text()
    shown: list[dict[str, Any]] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert shown
    for block in shown:
        for name, fields in block.items():
            assert name == REQUIRED
            fields.pop("enforcementLevel", None)
            PackSpec.parse(fields)


def test_every_pack_has_a_description_our_version_and_no_place_of_its_own() -> None:
    names = [folder.name for folder in PACKS.iterdir()]
    with_rules = {platform for platform in Platform if platform in subjects()}
    assert set(names) >= {"baseline", "strict"} | with_rules
    for name in names:
        pack = yaml.safe_load((PACKS / name / "PulumiPolicy.yaml").read_text())
        assert pack["version"] == VERSION
        assert pack["runtime"] == "python"
        assert len(pack["description"]) > 40
