"""What is Vault's own of sources: how long keys live, how they are tried, whose they are, registries and cut-offs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from cryptography import x509

from nhi_components.core.credential.sources import ApiKeySource
from nhi_components.core.errors import NhiError
from nhi_components.core.links import LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.api_keys import MOST, ApiKeys
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.secret_ids import SecretIds
from nhi_components.lifecycle.credentials.ports import LimitReached, Material
from nhi_components.lifecycle.ports import CutOff, Ownership
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.vault_world import ApiKeyWorld, VaultCertificateWorld, VaultSecretIdWorld
from tests.conformance.issuers import NAMES, Pki
from tests.conformance.vault_world import KV
from tests.conformance.world import new_tags, now


@pytest.fixture
def secret_ids(setting: Setting) -> VaultSecretIdWorld:
    return VaultSecretIdWorld(setting)


@pytest.fixture
def certificates(setting: Setting) -> VaultCertificateWorld:
    return VaultCertificateWorld(setting)


@pytest.fixture
def api_keys(setting: Setting) -> ApiKeyWorld:
    return ApiKeyWorld(setting)


def tomorrow(tags: LeaseTags) -> LeaseTags:
    return replace(tags, ends=(now() + timedelta(days=1)).date())


class TestSecretIds:
    def test_it_bears_the_lease_and_ends_as_its_role_says(
        self, secret_ids: VaultSecretIdWorld, tags: LeaseTags
    ) -> None:
        spec, tags = secret_ids.source(tags), tomorrow(tags)
        source = secret_ids.open().source(spec)
        by_role = source.create(tags)
        assert self.facts(secret_ids, spec.role, by_role)["metadata"] == tags.to_metadata()
        (key,) = source.keys(tags)
        assert key.ends
        assert abs(key.ends - now() - timedelta(hours=2)) < timedelta(minutes=1)

    def test_it_never_lives_beyond_the_lease(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec, tags = secret_ids.source(tags), tomorrow(tags)
        source, end = secret_ids.open().source(spec), datetime.combine(tags.ends, time(), UTC)
        for longest in ("720h", "0"):
            secret_ids.root.write(f"auth/approle/role/{spec.role}", secret_id_ttl=longest)
            made = source.create(tags)
            (ends,) = [key.ends for key in source.keys(tags) if key.id == made.key_id]
            assert ends
            assert end - timedelta(minutes=1) < ends < end + timedelta(seconds=2)
        with pytest.raises(NhiError, match=r"has ended at .*fix: "):
            source.create(replace(tags, ends=now().date()))

    def test_one_that_vault_gives_a_longer_life_is_destroyed(
        self, secret_ids: VaultSecretIdWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec, write = secret_ids.source(tags), VaultHttp.write
        secret_ids.root.write(f"auth/approle/role/{spec.role}", secret_id_ttl="0")

        def older(http: VaultHttp, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            return write(http, path, {name: value for name, value in body.items() if name != "ttl"})

        monkeypatch.setattr(VaultHttp, "write", older)
        with pytest.raises(NhiError, match=r"of endless seconds, expected .*fix: "):
            secret_ids.open().source(spec).create(tags)
        assert secret_ids.ids(spec) == []

    def test_one_that_has_expired_is_not_listed(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec = secret_ids.source(tags)
        secret_ids.root.write(f"auth/approle/role/{spec.role}/secret-id", ttl="1s")
        source = secret_ids.open().source(spec)
        deadline = now() + timedelta(seconds=10)
        while source.keys(tags):
            assert now() < deadline
        assert source.keys(tags) == []

    def test_the_role_may_be_proved_by_its_entity(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec = secret_ids.source(tags)
        root, role = secret_ids.root, str(spec.role)
        root.write(f"auth/approle/role/{role}", token_policies=["default"])
        source = secret_ids.open().source(spec)
        with pytest.raises(NhiError, match="without a policy or an entity"):
            source.keys(tags)
        entity = root.secrets.identity.create_or_update_entity(role, metadata=tags.to_metadata())["data"]["id"]
        root.secrets.identity.create_or_update_entity_alias(
            name=secret_ids.world.role_id(role), canonical_id=entity, mount_accessor=secret_ids.world.accessor()
        )
        assert source.keys(tags) == []
        assert source.works(source.create(tags))

    def test_trying_it_leaves_no_token(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec = secret_ids.source(tags)
        source = secret_ids.open().source(spec)
        material = source.create(tags)
        for settings in (
            {},
            {"token_no_default_policy": True},
            {"token_bound_cidrs": ["10.0.0.0/8"]},
            {"token_type": "batch", "token_bound_cidrs": []},
        ):
            secret_ids.root.write(f"auth/approle/role/{spec.role}", **settings)
            assert source.works(material)
            assert [token for token in secret_ids.world.tokens() if spec.role in token["policies"]] == []

    @pytest.mark.parametrize(
        "settings", [{"secret_id_num_uses": 1}, {"secret_id_bound_cidrs": ["10.0.0.0/8"]}], ids=["uses", "addresses"]
    )
    def test_where_a_login_would_cost_or_prove_nothing_it_is_looked_up(
        self, secret_ids: VaultSecretIdWorld, tags: LeaseTags, settings: dict[str, Any]
    ) -> None:
        spec = secret_ids.source(tags)
        secret_ids.root.write(f"auth/approle/role/{spec.role}", **settings)
        source = secret_ids.open().source(spec)
        material = source.create(tags)
        assert [source.works(material) for _ in range(3)] == [True] * 3
        assert not source.works(replace(material, fields={**material.fields, "role_id": "another"}))
        source.delete(material.key_id)
        assert not source.works(material)

    def test_one_that_is_unknown_is_never_tried_for_logins_that_fail_lock_the_role(
        self, secret_ids: VaultSecretIdWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = secret_ids.open().source(secret_ids.source(tags))
        material = source.create(tags)
        source.delete(material.key_id)
        tried: list[str] = []
        monkeypatch.setattr(VaultHttp, "login", lambda *told: tried.append(told[1]))
        assert not source.works(material)
        assert not source.works(replace(material, fields={"role_id": material.fields["role_id"]}))
        assert tried == []

    def test_a_suspended_identity_s_is_refused(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec = secret_ids.source(tags)
        source, root = secret_ids.open().source(spec), secret_ids.root
        material = source.create(tags)
        assert source.works(material)
        login = root.auth.approle.login(**material.fields, use_token=False)["auth"]
        root.write(f"identity/entity/id/{login['entity_id']}", disabled=True)
        assert not source.works(material)

    def test_it_can_t_be_disabled(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        source = secret_ids.open().source(secret_ids.source(tags))
        key_id = source.create(tags).key_id
        for use in (source.disable, source.enable):
            with pytest.raises(NhiError, match="fix: delete it"):
                use(key_id)

    def test_there_must_be_a_role(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        spec = secret_ids.source(tags)
        secret_ids.root.auth.approle.delete_role(spec.role)
        source = secret_ids.open().source(spec)
        assert source.keys(tags) == []
        assert not source.works(Material("accessor", {"role_id": "a", "secret_id": "b"}))
        with pytest.raises(NhiError, match="fix: declare it first"):
            source.create(tags)

    def test_one_that_vanishes_meanwhile_is_fine_to_delete(
        self, secret_ids: VaultSecretIdWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = secret_ids.open().source(secret_ids.source(tags))
        first, second = source.create(tags), source.create(tags)
        seen = iter([[first.key_id], []])
        source.delete(first.key_id)
        monkeypatch.setattr(SecretIds, "_accessors", lambda _: next(seen))
        source.delete(first.key_id)
        monkeypatch.undo()
        assert second.key_id

    def test_they_are_found_from_the_lease_id_alone(self, secret_ids: VaultSecretIdWorld, tags: LeaseTags) -> None:
        system, spec = secret_ids.open(), secret_ids.source(tags)
        system.source(spec).create(tags)
        (link,) = system.search(tags.lease)
        assert (link.kind, link.attributes) == (LinkKind.VAULT_SECRET_ID, {"mount": "approle", "role": spec.role})

    def facts(self, world: VaultSecretIdWorld, role: str | None, material: Material) -> Mapping[str, Any]:
        path = f"auth/approle/role/{role}/secret-id-accessor/lookup"
        found: Mapping[str, Any] = world.root.write(path, secret_id_accessor=material.key_id)["data"]
        return found


class TestCertificates:
    def test_it_has_its_names_bears_the_lease_and_ends_with_it(
        self, certificates: VaultCertificateWorld, tags: LeaseTags
    ) -> None:
        spec, tags = certificates.source(tags), tomorrow(tags)
        certificates.root.write(f"{spec.mount}/roles/{spec.role}", max_ttl="600h", ttl="600h", allow_any_name=True)
        spec = spec.model_copy(update={"ttl": timedelta(days=20)})
        with pytest.raises(NhiError, match="bears no lease"):
            certificates.open().source(spec).create(tags)
        certificates.pki.create(tags)
        made = certificates.open().source(spec).create(tags)
        leaf = x509.load_pem_x509_certificate(made.fields["certificate"].encode())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert tuple(names.get_values_for_type(x509.DNSName)) == NAMES
        assert tags.lease in leaf.subject.rfc4514_string()
        assert leaf.not_valid_after_utc <= datetime.combine(tags.ends, time(), UTC) + timedelta(seconds=2)
        with pytest.raises(NhiError, match="has ended at"):
            certificates.open().source(spec).create(replace(tags, ends=now().date()))

    def test_a_role_that_keeps_nothing_is_refused_before_anything_is_issued(
        self, certificates: VaultCertificateWorld, tags: LeaseTags
    ) -> None:
        spec = certificates.source(tags)
        role = certificates.root.read(f"{spec.mount}/roles/{spec.role}")["data"]
        certificates.root.write(f"{spec.mount}/roles/{spec.role}", **{**role, "no_store": True})
        with pytest.raises(NhiError, match="found a role with no_store"):
            certificates.open().source(spec).create(tags)
        certificates.root.delete(f"{spec.mount}/roles/{spec.role}")
        with pytest.raises(NhiError, match="found nothing"):
            certificates.open().source(spec).create(tags)

    def test_they_are_listed_and_revoked_also_when_the_role_is_gone(
        self, certificates: VaultCertificateWorld, tags: LeaseTags
    ) -> None:
        spec = certificates.source(tags)
        source = certificates.open().source(spec)
        made = source.create(tags)
        certificates.root.delete(f"{spec.mount}/roles/{spec.role}")
        assert [key.id for key in source.keys(tags)] == [made.key_id]
        source.delete(made.key_id)
        assert source.keys(tags) == []
        assert certificates.pki.revoked(made.key_id)

    def test_what_does_not_fit_together_does_not_work(
        self, certificates: VaultCertificateWorld, tags: LeaseTags
    ) -> None:
        spec = certificates.source(tags)
        source = certificates.open().source(spec)
        made, other = source.create(tags), source.create(tags)
        strange = Pki(certificates.world)
        foreign = certificates.root.read(f"{strange.mount}/cert/ca")["data"]["certificate"]
        assert source.works(made)
        for changed in (
            {"private_key": other.fields["private_key"]},
            {"certificate": other.fields["certificate"], "private_key": other.fields["private_key"]},
            {"ca_chain": foreign},
            {"ca_chain": ""},
            {"private_key": ""},
        ):
            assert not source.works(replace(made, fields={**made.fields, **changed}))
        assert not source.works(Material(made.key_id, {}))

    def test_one_of_another_engine_does_not_work(self, certificates: VaultCertificateWorld, tags: LeaseTags) -> None:
        spec = certificates.source(tags)
        strange = Pki(certificates.world)
        strange.create(tags)
        other = spec.model_copy(update={"mount": strange.mount})
        material = certificates.open().source(other).create(tags)
        assert certificates.open().source(other).works(material)
        assert not certificates.open().source(spec).works(material)

    def test_one_that_has_expired_does_not_work(self, certificates: VaultCertificateWorld, tags: LeaseTags) -> None:
        spec = certificates.source(tags).model_copy(update={"ttl": timedelta(seconds=2)})
        source = certificates.open().source(spec)
        material = source.create(tags)
        deadline = now() + timedelta(seconds=10)
        while source.works(material):
            assert now() < deadline
        assert source.keys(tags) == []

    def test_it_can_t_be_disabled(self, certificates: VaultCertificateWorld, tags: LeaseTags) -> None:
        source = certificates.open().source(certificates.source(tags))
        for use in (source.disable, source.enable):
            with pytest.raises(NhiError, match="fix: delete it"):
                use("00:11")

    def test_they_are_found_from_the_lease_id_alone(self, certificates: VaultCertificateWorld, tags: LeaseTags) -> None:
        system = certificates.open()
        made = system.source(certificates.source(tags)).create(tags)
        (link,) = system.search(tags.lease)
        assert (link.kind, link.name) == (LinkKind.VAULT_CERTIFICATE, made.key_id)


class TestApiKeys:
    def test_a_key_begins_as_asked_and_only_its_digest_is_kept(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec = api_keys.source(tags)
        source = self.source(api_keys, tags)
        material = source.create(tags)
        value = material.fields["api_key"]
        assert (value[:5], len(value)) == ("shop_", 48)
        assert material.key_id.startswith("key-")
        kept = api_keys.content(str(spec.path))
        assert kept
        record = kept["keys"][material.key_id]
        assert (record["sha256"], record["enabled"]) == (hashlib.sha256(value.encode()).hexdigest(), True)
        assert value not in str([kept, api_keys.metadata(str(spec.path))])
        assert api_keys.metadata(str(spec.path))["custom_metadata"] == tags.to_metadata()  # type: ignore[index]

    def test_a_value_is_found_by_its_digest(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        source = self.source(api_keys, tags)
        material = source.create(tags)
        source.disable(material.key_id)
        assert source.find(material.fields["api_key"]) == material.key_id
        assert source.find("shop_guess") is None

    def test_a_key_is_refused_under_another_s_id(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        source = self.source(api_keys, tags)
        first, second = source.create(tags), source.create(tags)
        assert not source.works(Material(first.key_id, second.fields))
        assert not source.works(Material(first.key_id, {}))

    def test_only_the_newest_version_is_kept(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        source = self.source(api_keys, tags)
        material = source.create(tags)
        source.disable(material.key_id)
        source.delete(material.key_id)
        found = api_keys.metadata(str(source.spec.path))
        assert found
        assert [version["destroyed"] for _, version in sorted(found["versions"].items())] == [True, True, False]

    def test_of_many_runs_as_many_make_a_key_as_may(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec = api_keys.source(tags)

        def make(_: int) -> str | None:
            try:
                return api_keys.open().source(spec).create(tags).key_id
            except LimitReached:
                return None

        with ThreadPoolExecutor(8) as pool:
            made = [key_id for key_id in pool.map(make, range(8)) if key_id]
        assert len(made) == MOST
        assert sorted(api_keys.ids(spec)) == sorted(made)

    def test_a_registry_whose_newest_version_is_deleted_accepts_nothing(
        self, api_keys: ApiKeyWorld, tags: LeaseTags
    ) -> None:
        source = self.source(api_keys, tags)
        material = source.create(tags)
        api_keys.root.secrets.kv.v2.delete_latest_version_of_secret(path=str(source.spec.path))
        assert (source.keys(tags), source.works(material)) == ([], False)
        again = source.create(tags)
        assert [key.id for key in source.keys(tags)] == [again.key_id]

    def test_what_is_no_registry_is_an_error(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        source = self.source(api_keys, tags)
        for content in ({"password": "x"}, {"keys": ["a"]}, {"keys": {"a": {"enabled": True}}}, {"keys": {"a": "b"}}):
            api_keys.put(str(source.spec.path), content)
            with pytest.raises(NhiError, match="no registry of API keys"):
                source.keys(tags)

    def test_a_key_that_is_not_there_can_t_be_enabled(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        source = self.source(api_keys, tags)
        source.disable("key-nobody")
        source.delete("key-nobody")
        assert api_keys.metadata(str(source.spec.path)) is None
        source.create(tags)
        with pytest.raises(NhiError, match="found no API key key-nobody"):
            source.enable("key-nobody")

    def test_a_registry_at_a_path_of_the_team_s_is_found(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec = ApiKeySource(mount=KV, path=f"team/orders-{os.urandom(4).hex()}.keys")
        system = api_keys.open()
        system.source(spec).create(tags)
        assert [(link.kind, link.name) for link in system.search(tags.lease)] == [(LinkKind.VAULT_API_KEYS, spec.path)]

    def source(self, world: ApiKeyWorld, tags: LeaseTags) -> ApiKeys:
        source = world.open().source(world.source(tags))
        assert isinstance(source, ApiKeys)
        return source


class TestRegistryAsLinkedResource:
    def test_admitting_makes_it_empty_and_marked(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec = api_keys.source(tags)
        adapter = api_keys.world.adapter()
        for _ in range(2):
            (link,) = adapter.admit(tags, [spec.link()], now())
        assert link.key == spec.link().key
        assert api_keys.content(str(spec.path)) == {"keys": {}}
        found = api_keys.metadata(str(spec.path))
        assert found
        assert (found["custom_metadata"], found["current_version"]) == (tags.to_metadata(), 1)

    def test_somebody_else_s_is_not_admitted(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec = api_keys.foreign_source(tags)
        with pytest.raises(NhiError, match="found somebody else's"):
            api_keys.world.adapter().admit(tags, [spec.link()], now())
        (sighting,) = api_keys.world.adapter().survey(tags.lease, [spec.link()])
        assert sighting.ownership is Ownership.NAMESAKE
        assert api_keys.world.adapter().cut_off(tags.lease, [spec.link()], now()) == []

    @pytest.mark.parametrize("linked", [True, False], ids=["by link", "by lease id"])
    def test_the_cut_off_has_every_key_refused(self, api_keys: ApiKeyWorld, tags: LeaseTags, *, linked: bool) -> None:
        spec, adapter = api_keys.source(tags), api_keys.world.adapter()
        source = api_keys.open().source(spec)
        materials = [source.create(tags) for _ in range(2)]
        links = adapter.admit(tags, [spec.link()], now()) if linked else []
        start = now()
        told = self.cut_off(api_keys, tags, links, start)
        assert told.canary
        assert isinstance(told.disabled_at, datetime)
        assert isinstance(adapter.try_canary(told.canary, now()), datetime)
        assert not any(api_keys.accepts(spec, material) for material in materials)
        (sighting,) = adapter.survey(tags.lease, links)
        assert (sighting.link.kind, sighting.cut_off) == (LinkKind.VAULT_API_KEYS, True)
        again = self.cut_off(api_keys, tags, links, start + timedelta(minutes=1))
        assert (again.disabled_at, again.canary) == (told.disabled_at, None)
        assert again.without_canary
        adapter.sweep(sighting)
        assert adapter.survey(tags.lease, links) == []
        assert api_keys.metadata(str(spec.path)) is None
        assert isinstance(adapter.try_canary(told.canary, now()), datetime)

    def test_the_canary_works_while_its_key_does(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec, adapter = api_keys.source(tags), api_keys.world.adapter()
        source = api_keys.open().source(spec)
        material = source.create(tags)
        told = self.cut_off(api_keys, tags, [], now())
        source.enable(material.key_id)
        assert told.canary
        assert adapter.try_canary(told.canary, now()) is None
        assert material.fields["api_key"] not in repr(told)

    def test_readmitting_restores_what_was_cut_off_and_nothing_else(
        self, api_keys: ApiKeyWorld, tags: LeaseTags
    ) -> None:
        spec, adapter = api_keys.source(tags), api_keys.world.adapter()
        source, link = api_keys.open().source(spec), spec.link()
        old, current = source.create(tags), source.create(tags)
        source.disable(old.key_id)
        self.cut_off(api_keys, tags, [link], now())
        for attributes in ({}, {"suspended": "true"}):
            adapter.admit(tags, [replace(link, attributes={**link.attributes, **attributes})], now())
            assert not source.works(current)
            (sighting,) = adapter.survey(tags.lease, [link])
            assert not sighting.cut_off
        adapter.admit(tags, [replace(link, attributes={**link.attributes, "suspended": "false"})], now())
        assert (source.works(old), source.works(current)) == (False, True)

    def test_a_suspension_has_every_key_refused_until_it_ends(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        spec, adapter = api_keys.source(tags), api_keys.world.adapter()
        source = api_keys.open().source(spec)
        material = source.create(tags)
        link = replace(spec.link(), attributes={"mount": KV, "suspended": "true"})
        assert [each.kind for each in adapter.revoke_live(tags.lease, [link], now())] == [LinkKind.VAULT_API_KEYS]
        assert adapter.revoke_live(tags.lease, [link], now()) == []
        assert not source.works(material)
        (sighting,) = adapter.survey(tags.lease, [link])
        assert not sighting.cut_off
        adapter.admit(tags, [replace(link, attributes={"mount": KV, "suspended": "false"})], now())
        assert source.works(material)

    def test_one_broken_registry_does_not_keep_the_others_from_being_cut_off(
        self, api_keys: ApiKeyWorld, tags: LeaseTags
    ) -> None:
        spec, broken = api_keys.source(tags), ApiKeySource(mount=KV, path=f"team/{os.urandom(4).hex()}.keys")
        source = api_keys.open().source(spec)
        material = source.create(tags)
        api_keys.open().source(broken).create(tags)
        api_keys.put(str(broken.path), {"password": "by-hand"})
        with pytest.raises(NhiError, match="no registry of API keys"):
            api_keys.world.adapter().cut_off(tags.lease, [broken.link(), spec.link()], now())
        assert not source.works(material)

    def test_it_is_found_in_our_folder_only_by_its_own_lease(self, api_keys: ApiKeyWorld, tags: LeaseTags) -> None:
        api_keys.open().source(api_keys.source(tags)).create(tags)
        adapter = api_keys.world.adapter()
        (sighting,) = adapter.survey(tags.lease, [])
        assert (sighting.link.kind, sighting.ownership) == (LinkKind.VAULT_API_KEYS, Ownership.OURS)
        assert adapter.survey(new_tags(os.urandom(16)).lease, []) == []

    def cut_off(self, world: ApiKeyWorld, tags: LeaseTags, links: list[Any], at: datetime) -> CutOff:
        done = world.world.adapter().cut_off(tags.lease, links, at)
        (told,) = [each for each in done if each.link.kind is LinkKind.VAULT_API_KEYS]
        return told
