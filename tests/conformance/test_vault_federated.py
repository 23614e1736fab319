"""What is particular about logins that only an issuer can make: by JWT and by Kubernetes service account."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import hvac
import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting, SystemAdapter
from tests.conformance.vault_federated_worlds import AUDIENCE, FederatedWorld, VaultJwtWorld
from tests.conformance.vault_world import names, works
from tests.conformance.world import by_kind, new_tags, now

CANARY_DENIED = """
path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }
path "auth/token/create/*" { capabilities = ["deny"] }
"""

SURVEY = """
path "auth/+/role/*" { capabilities = ["read", "list", "delete"] }
path "auth/+/role" { capabilities = ["list"] }
path "auth/token/accessors" { capabilities = ["list", "sudo"] }
path "auth/token/lookup-accessor" { capabilities = ["update"] }
path "auth/token/revoke-accessor" { capabilities = ["update"] }
path "identity/entity/*" { capabilities = ["read", "list", "update"] }
path "identity/entity-alias/id" { capabilities = ["list"] }
path "sys/policies/acl" { capabilities = ["list"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
path "secret/*" { capabilities = ["read", "list"] }
"""
"""What a cut-off needs without a canary."""

_RIGHT = re.compile(r"^\| `((?:identity|auth)/\S+)` \| ((?:`\w+`(?:, )?)+) \|$", re.MULTILINE)


def documented_rights() -> dict[str, str]:
    """The rules that docs/vault.md names for a canary, by path."""
    text = (Path(__file__).parents[2] / "docs" / "vault.md").read_text()
    return {
        path: f'path "{path}" {{ capabilities = [{rights.replace("`", chr(34))}] }}'
        for path, rights in _RIGHT.findall(text)
    }


@pytest.fixture(params=["vault_jwt", "vault_kubernetes"])
def federated_world(request: pytest.FixtureRequest) -> FederatedWorld:
    found: FederatedWorld = request.getfixturevalue(f"{request.param}_world")
    return found


def admitted(world: FederatedWorld, tags: LeaseTags) -> tuple[SystemAdapter, list[Link]]:
    adapter = world.adapter()
    return adapter, adapter.admit(tags, world.create(tags), now())


def found(adapter: SystemAdapter, tags: LeaseTags, kind: LinkKind, links: list[Link] | None = None) -> list[Sighting]:
    return [s for s in adapter.survey(tags.lease, links or []) if s.link.kind is kind]


def cut_off_role(world: FederatedWorld, tags: LeaseTags, links: list[Link]) -> CutOff:
    done = world.adapter().cut_off(tags.lease, links, now())
    return next(cut_off for cut_off in done if cut_off.link.kind is world.principal)


class TestLogins:
    def test_they_are_taken_for_the_lease_s_entity(self, federated_world: FederatedWorld, tags: LeaseTags) -> None:
        _, links = admitted(federated_world, tags)
        token = federated_world.session_client(tags).auth.token.lookup_self()["data"]
        assert token["entity_id"] == by_kind(links, LinkKind.VAULT_ENTITY).unique_id
        assert tags.lease in token["policies"]

    def test_a_token_lives_on_after_its_role_until_it_is_cut_off(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(federated_world, tags)
        session = federated_world.session_client(tags)
        (role,) = found(adapter, tags, federated_world.principal)
        adapter.sweep(role)
        assert works(session)
        adapter.cut_off(tags.lease, links, now())
        assert not works(session)


class TestEntityMadeAnew:
    """Somebody deleted the entity; the next login through the role makes another, with the role's policies."""

    def test_it_is_found_cut_off_and_swept(self, federated_world: FederatedWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(federated_world, tags)
        federated_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        session = federated_world.session_client(tags)
        made = session.auth.token.lookup_self()["data"]["entity_id"]
        for known in (links, []):
            (entity,) = found(adapter, tags, LinkKind.VAULT_ENTITY, known)
            assert (entity.link.unique_id, entity.ownership) == (made, Ownership.OURS)
            assert "made by Vault itself" in entity.detail
        assert cut_off_role(federated_world, tags, links).canary
        assert not works(session)
        with pytest.raises(hvac.exceptions.Forbidden):
            federated_world.session_client(tags)
        for sighting in adapter.survey(tags.lease, []):
            adapter.sweep(sighting)
        assert federated_world.alive(tags) == []

    def test_one_that_somebody_has_made_their_own_is_left_alone(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(federated_world, tags)
        identity = federated_world.root.secrets.identity
        identity.delete_entity_by_name(names(tags)[0])
        made = federated_world.session_client(tags).auth.token.lookup_self()["data"]["entity_id"]
        identity.update_entity(made, metadata={"team": "theirs"})
        assert found(adapter, tags, LinkKind.VAULT_ENTITY, links) == []
        adapter.cut_off(tags.lease, links, now())
        assert not identity.read_entity(made)["data"]["disabled"]

    def test_no_login_makes_one_after_the_cut_off(self, federated_world: FederatedWorld, tags: LeaseTags) -> None:
        """No disabled entity holds the alias, so only the role's removal can refuse the login."""
        adapter, links = admitted(federated_world, tags)
        federated_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        done = cut_off_role(federated_world, tags, links)
        assert isinstance(done.disabled_at, datetime)
        assert done.canary is None
        assert "no entity of the lease was found" in done.without_canary
        with pytest.raises((hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)):
            federated_world.session_client(tags)
        assert found(adapter, tags, LinkKind.VAULT_ENTITY) == []

    def test_by_jwt_it_is_found_by_the_role_s_name_when_the_role_is_gone(
        self, vault_jwt_world: VaultJwtWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(vault_jwt_world, tags)
        vault_jwt_world.root.secrets.identity.delete_entity_by_name(names(tags)[0])
        made = vault_jwt_world.session_client(tags).auth.token.lookup_self()["data"]["entity_id"]
        vault_jwt_world.root.delete(f"auth/{vault_jwt_world.mount}/role/{names(tags)[0]}")
        (entity,) = found(adapter, tags, LinkKind.VAULT_ENTITY, links)
        assert entity.link.unique_id == made


class TestManySubjects:
    """Somebody widened the role by hand, so that it admits others, whose logins make entities of their own."""

    def test_all_are_found_cut_off_and_kept_out(self, vault_jwt_world: VaultJwtWorld, tags: LeaseTags) -> None:
        world = vault_jwt_world
        _, links = admitted(world, tags)
        widened = {"role_type": "jwt", "user_claim": "sub", "bound_subject": "", "bound_audiences": [AUDIENCE]}
        world.write_role(tags, **widened)
        others = [world.issuer.token(sub=f"{tags.lease}-{i}", aud=AUDIENCE) for i in range(3)]
        sessions = [world.client_with(tags, issued) for issued in others[:2]]
        adapter = world.adapter()
        assert len(found(adapter, tags, LinkKind.VAULT_ENTITY)) == 3
        adapter.cut_off(tags.lease, links, now())
        assert not any(works(session) for session in sessions)
        for issued in (*others, world.issue(tags)):
            with pytest.raises((hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)):
                world.client_with(tags, issued)
        for sighting in adapter.survey(tags.lease, links):
            adapter.sweep(sighting)
        left = world.root.list("identity/entity-alias/id") or {"data": {"key_info": {}}}
        assert [a for a in left["data"]["key_info"].values() if tags.lease in a["name"]] == []


class TestAdmission:
    def test_the_role_must_bear_the_lease(self, federated_world: FederatedWorld, tags: LeaseTags) -> None:
        links = federated_world.create(tags)
        federated_world.create_namesake(names(tags)[0])
        with pytest.raises(NhiError, match=f"expected '{tags.lease}' among its token policies"):
            federated_world.adapter().admit(tags, links, now())

    def test_a_role_of_another_lease_is_refused(self, federated_world: FederatedWorld, tags: LeaseTags) -> None:
        links = federated_world.create(tags)
        other = replace(tags, lease=new_tags(os.urandom(16)).lease)
        role = by_kind(links, federated_world.principal)
        with pytest.raises(NhiError, match=f"it bears {tags.lease}"):
            federated_world.adapter().admit(other, [role], now())


class TestProof:
    @pytest.mark.parametrize("lost", ["policy", "mark", "entity"])
    def test_it_is_ours_by_whatever_is_left(self, federated_world: FederatedWorld, tags: LeaseTags, lost: str) -> None:
        adapter, _ = admitted(federated_world, tags)
        name, root = names(tags)[0], federated_world.root
        match lost:
            case "policy":
                root.sys.delete_policy(name)
            case "mark":
                root.write(
                    f"auth/{federated_world.mount}/role/{name}",
                    token_policies=[name],
                    **federated_world.bindings(federated_world.subject(tags)),
                )
            case _:
                root.secrets.identity.delete_entity_by_name(name)
        (role,) = found(adapter, tags, federated_world.principal)
        assert role.ownership is Ownership.OURS
        adapter.sweep(role)
        assert found(adapter, tags, federated_world.principal) == []


class TestCanary:
    def test_it_is_a_token_of_the_entity_and_leaves_no_way_in(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(federated_world, tags)
        done = cut_off_role(federated_world, tags, links)
        assert done.canary is not None
        assert done.canary.credential.entity == by_kind(links, LinkKind.VAULT_ENTITY).unique_id
        assert isinstance(adapter.try_canary(done.canary, now()), datetime)
        root = federated_world.root
        assert root.read(f"auth/token/roles/{tags.lease}") is None
        aliases = root.read(f"identity/entity/name/{names(tags)[0]}")["data"]["aliases"]
        assert [alias["name"] for alias in aliases] == [federated_world.subject(tags)]

    def test_what_a_killed_run_left_of_its_way_in_is_removed(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        _, links = admitted(federated_world, tags)
        root = federated_world.root
        accessor = root.sys.list_auth_methods()["data"]["token/"]["accessor"]
        entity = by_kind(links, LinkKind.VAULT_ENTITY).unique_id
        root.write("identity/entity-alias", name=tags.lease, canonical_id=entity, mount_accessor=accessor)
        root.write(f"auth/token/roles/{tags.lease}", allowed_entity_aliases=[tags.lease])
        assert cut_off_role(federated_world, tags, links).canary
        assert root.read(f"auth/token/roles/{tags.lease}") is None
        assert len(root.read(f"identity/entity/name/{names(tags)[0]}")["data"]["aliases"]) == 1

    def test_the_documented_rights_are_enough_and_all_are_needed(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        _, links = admitted(federated_world, tags)
        root, documented = federated_world.root, documented_rights()
        assert len(documented) == 4
        for lacking in [*documented, None]:
            rules = [SURVEY] + [rule for path, rule in documented.items() if path != lacking]
            root.sys.create_or_update_policy("canary", "\n".join(rules))
            token = root.auth.token.create(policies=["canary"])["auth"]["client_token"]
            federated_world.environment.setenv("VAULT_TOKEN", token)
            done = cut_off_role(federated_world, tags, links)
            assert (done.canary is None) == (lacking is not None), done.without_canary
            if lacking:
                assert lacking.replace("roles/+", f"roles/{tags.lease}").replace("create/+", "create/") in (
                    done.without_canary
                )
            federated_world.environment.setenv("VAULT_TOKEN", federated_world.server.token)
            federated_world.adapter().admit(tags, links, now())

    def test_without_the_right_to_open_one_the_cut_off_goes_on(
        self, federated_world: FederatedWorld, tags: LeaseTags
    ) -> None:
        _, links = admitted(federated_world, tags)
        session, root = federated_world.session_client(tags), federated_world.root
        root.sys.create_or_update_policy("no-canary", CANARY_DENIED)
        limited = root.auth.token.create(policies=["no-canary"])["auth"]["client_token"]
        federated_world.environment.setenv("VAULT_TOKEN", limited)
        done = cut_off_role(federated_world, tags, links)
        assert done.canary is None
        assert f"grant it update on auth/token/create/{tags.lease}" in done.without_canary
        assert isinstance(done.sessions_refused_at, datetime)
        assert not works(session)


def test_a_mount_that_cannot_be_listed_is_told(federated_world: FederatedWorld) -> None:
    root, mount = federated_world.root, federated_world.mount
    root.sys.create_or_update_policy("blind", f'path "auth/{mount}/login" {{ capabilities = ["read"] }}')
    token: dict[str, Any] = root.auth.token.create(policies=["blind"])["auth"]
    federated_world.environment.setenv("VAULT_TOKEN", token["client_token"])
    spots = federated_world.adapter().blind_spots([])
    assert (federated_world.principal, True) in {(s.kind, f"auth/{mount}/role" in s.reason.reason) for s in spots}
