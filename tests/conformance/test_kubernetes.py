"""What is Kubernetes' own: bindings by hand, kept tokens, interrupted cut-offs, what the connection may not see."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from nhi_components.core.credential.places import KubernetesSecretPlace
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.kubernetes_links import ACCOUNT, AUDIENCES, NAMESPACE, ROLE
from nhi_components.core.kubernetes_marks import marks
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.kubernetes import adapter as adapting
from nhi_components.lifecycle.adapters.kubernetes import cut_off as cutting
from nhi_components.lifecycle.adapters.kubernetes.objects import CUT_OFF
from nhi_components.lifecycle.ports import Canary, CutOff, Ownership, SystemAdapter
from tests.conformance.kubernetes_world import OPERATOR, SHOP, KubernetesWorld, allowed, physical
from tests.conformance.world import by_kind, new_tags, now
from tools.doubles.kubernetes.rbac import Asked

PAGE = Path(__file__).parents[2] / "docs" / "kubernetes.md"
ACCOUNT_KIND = LinkKind.KUBERNETES_SERVICE_ACCOUNT


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never becomes true here is waited for a moment only."""
    monkeypatch.setattr(cutting, "PROPAGATION_SECONDS", 0.3)
    monkeypatch.setattr(adapting, "CACHE_SECONDS", 0.3)


def admitted(world: KubernetesWorld, tags: LeaseTags) -> tuple[SystemAdapter, list[Link]]:
    adapter = world.adapter()
    return adapter, adapter.admit(tags, world.create(tags), now())


def cut_off(adapter: SystemAdapter, tags: LeaseTags, links: list[Link]) -> CutOff:
    (done,) = adapter.cut_off(tags.lease, links, now())
    return done


def sweep_ours(adapter: SystemAdapter, tags: LeaseTags, links: list[Link]) -> None:
    for sighting in adapter.survey(tags.lease, links):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


def bind_by_hand(world: KubernetesWorld, name: str, subjects: list[dict[str, str]], namespace: str = SHOP) -> None:
    kinds = "rolebindings" if namespace else "clusterrolebindings"
    body = {"roleRef": {"kind": "ClusterRole", "name": "edit"}, "subjects": subjects}
    world.cluster.put(kinds, namespace, name, body)


class TestBindingsByHand:
    def test_they_are_found_by_every_spelling_and_taken_out(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world, name = kubernetes_world, physical(tags)
        adapter, links = admitted(world, tags)
        world.cluster.add_namespace("billing")
        dana = {"kind": "User", "name": "dana"}
        bind_by_hand(
            world, "as-account", [{"kind": "ServiceAccount", "name": name, "namespace": SHOP}, dana], "billing"
        )
        bind_by_hand(world, "as-user", [{"kind": "User", "name": f"system:serviceaccount:{SHOP}:{name}"}])
        bind_by_hand(world, "everywhere", [{"kind": "ServiceAccount", "name": name, "namespace": SHOP}], "")
        bind_by_hand(world, "another", [{"kind": "ServiceAccount", "name": name, "namespace": "billing"}])
        found = {s.link.name for s in adapter.survey(tags.lease, links) if s.link.kind is LinkKind.KUBERNETES_SUBJECT}
        assert found == {"billing/as-account", f"{SHOP}/as-user", "everywhere"}
        done = cut_off(adapter, tags, links)
        assert {extra.name for extra in done.extras} == found
        left = {key[2]: each["subjects"] for key, each in world.cluster.objects.items() if key[0].endswith("bindings")}
        assert left["as-account"] == [{"apiGroup": "rbac.authorization.k8s.io", **dana}]
        assert not left.keys() & {"as-user", "everywhere"}
        assert len(left["another"]) == 1

    def test_they_are_found_although_the_account_is_gone(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        kubernetes_world.add_extras(tags)
        kubernetes_world.core.delete_namespaced_service_account(physical(tags), SHOP)
        kinds = [sighting.link.kind for sighting in adapter.survey(tags.lease, links)]
        assert kinds.count(LinkKind.KUBERNETES_SUBJECT) == 2
        sweep_ours(adapter, tags, links)
        assert adapter.survey(tags.lease, links) == []

    def test_those_of_a_namesake_are_left_alone(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        kubernetes_world.replace_principal(tags)
        kubernetes_world.add_extras(tags)
        kinds = {sighting.link.kind for sighting in adapter.survey(tags.lease, links)}
        assert LinkKind.KUBERNETES_SUBJECT not in kinds
        assert LinkKind.KUBERNETES_SECRET not in kinds

    def test_our_own_give_a_namesake_nothing_after_the_cut_off(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        kubernetes_world.replace_principal(tags)
        assert adapter.cut_off(tags.lease, links, now()) == []
        with pytest.raises(PermissionError):
            kubernetes_world.open_session(tags)

    def test_while_suspended_they_give_nothing(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        world, name = kubernetes_world, physical(tags)
        adapter, links = admitted(world, tags)
        world.cluster.put("clusterroles", "", "edit", {"rules": [{**READ_ALL, "resources": ["configmaps"]}]})
        world.cluster.objects["roles", SHOP, name]["rules"] = []
        world.cluster.objects["rolebindings", SHOP, name]["subjects"] = []
        bind_by_hand(world, "way-around", [{"kind": "ServiceAccount", "name": name, "namespace": SHOP}])
        session = world.open_session(tags)
        assert session()
        (revoked,) = adapter.revoke_live(tags.lease, links, now())
        assert (revoked.kind, revoked.name) == (LinkKind.KUBERNETES_SUBJECT, f"{SHOP}/way-around")
        assert not session()

    def test_a_change_by_others_meanwhile_is_not_lost(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world, name = kubernetes_world, physical(tags)
        adapter, links = admitted(world, tags)
        ours = {"kind": "ServiceAccount", "name": name, "namespace": SHOP}
        bind_by_hand(world, "shared", [ours, {"kind": "User", "name": "dana"}])
        act, meddled = world.cluster.act, []

        def meddling(request: Any, *what: Any) -> Any:
            if request.method == "PATCH" and "shared" in request.path and not meddled:
                meddled.append(True)
                people = [{"kind": "User", "name": each} for each in ("dana", "erin")]
                bind_by_hand(world, "shared", [ours, *people])
            return act(request, *what)

        monkeypatch.setattr(world.cluster, "act", meddling)
        cut_off(adapter, tags, links)
        left = world.cluster.objects["rolebindings", SHOP, "shared"]["subjects"]
        assert meddled
        assert [subject["name"] for subject in left] == ["dana", "erin"]


READ_ALL = {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}


class TestTokens:
    def test_one_that_a_secret_keeps_is_refused_after_the_cut_off(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        world.add_extras(tags)
        kept = world.core.read_namespaced_secret(f"by-hand-{physical(tags)}", SHOP).data["token"]
        token = base64.b64decode(kept).decode()
        whoami = client.AuthenticationV1Api(world.api(token)).create_self_subject_review
        assert allowed(whoami, {})
        done = cut_off(adapter, tags, links)
        assert LinkKind.KUBERNETES_SECRET in {extra.kind for extra in done.extras}
        assert not allowed(whoami, {})

    def test_tokens_for_others_are_told_as_sessions_that_are_possible(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        told = [
            replace(link, attributes={**link.attributes, AUDIENCES: "sts.amazonaws.com, vault"})
            if link.kind is ACCOUNT_KIND
            else link
            for link in links
        ]
        done = cut_off(adapter, tags, told)
        assert isinstance(done.disabled_at, datetime)
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert "sts.amazonaws.com, vault" in done.sessions_refused_at.reason

    def test_one_for_another_audience_is_refused_by_the_api_server(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        admitted(kubernetes_world, tags)
        core = client.CoreV1Api(kubernetes_world.api(kubernetes_world.token(tags, "vault")))
        assert not allowed(core.read_namespaced_config_map, "rates", SHOP)

    def test_a_token_of_an_account_that_is_gone_is_tried_until_the_server_refuses_it(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An API server goes on accepting for a while what it has authenticated."""
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        world.cluster.objects["roles", SHOP, physical(tags)]["rules"] = []
        done = cut_off(adapter, tags, links)
        assert done.canary
        assert isinstance(adapter.try_canary(done.canary, now()), NotChecked)
        world.cluster.tokens.cache = timedelta(hours=1)
        sweep_ours(adapter, tags, links)
        assert adapter.try_canary(done.canary, now()) is None
        monkeypatch.setattr(adapting, "CACHE_SECONDS", 5)
        world.cluster.tokens.cache = timedelta(seconds=2)
        assert isinstance(adapter.try_canary(done.canary, now()), datetime)

    def test_a_right_that_a_group_has_is_told(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        world.cluster.put("clusterroles", "", "readers", {"rules": [READ_ALL]})
        group = {"kind": "Group", "name": f"system:serviceaccounts:{SHOP}"}
        body = {"roleRef": {"kind": "ClusterRole", "name": "readers"}, "subjects": [group]}
        world.cluster.put("rolebindings", SHOP, "of-everybody", body)
        done = cut_off(adapter, tags, links)
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert "system:serviceaccounts" in done.sessions_refused_at.reason
        assert done.extras == ()

    def test_without_leave_to_request_one_the_cut_off_goes_on_and_says_so(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        kubernetes_world.double.deny(OPERATOR, "create serviceaccounts/token")
        done = cut_off(adapter, tags, links)
        assert done.canary is None
        assert "serviceaccounts/token" in done.without_canary
        assert kubernetes_world.cluster.objects["rolebindings", SHOP, physical(tags)]["subjects"] == []


class TestInterrupted:
    @pytest.mark.parametrize("broken", ["PATCH .*/rolebindings/", "PATCH .*/serviceaccounts/"])
    def test_a_cut_off_that_broke_is_finished_by_the_next(
        self, broken: str, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        session = world.open_session(tags)
        world.double.fail(503, target=broken)
        with pytest.raises(SystemUnreachable):
            adapter.cut_off(tags.lease, links, now())
        seen = adapter.survey(tags.lease, links)
        is_half = "serviceaccounts" in broken
        assert (any(each.cut_off for each in seen), any(each.half_cut_off for each in seen)) == (False, is_half)
        world.double.recover()
        done = cut_off(adapter, tags, links)
        assert isinstance(done.disabled_at, datetime)
        assert not session()
        assert CUT_OFF in world.account(tags)["metadata"]["annotations"]

    @pytest.mark.parametrize("broken", ["PATCH .*/rolebindings/", "PATCH .*/serviceaccounts/"])
    def test_so_is_its_undoing(self, broken: str, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        adapter.cut_off(tags.lease, links, now())
        world.double.fail(503, target=broken)
        with pytest.raises(SystemUnreachable):
            adapter.admit(tags, links, now())
        assert any(sighting.cut_off for sighting in adapter.survey(tags.lease, links))
        world.double.recover()
        assert adapter.admit(tags, links, now()) == links
        assert world.open_session(tags)()
        assert CUT_OFF not in world.account(tags)["metadata"]["annotations"]

    def test_undoing_lets_a_suspended_account_in_nowhere(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        adapter.cut_off(tags.lease, links, now())
        suspended = [replace(link, attributes={**link.attributes, "suspended": "true"}) for link in links]
        adapter.admit(tags, suspended, now())
        assert not any(sighting.cut_off for sighting in adapter.survey(tags.lease, suspended))
        assert world.cluster.objects["rolebindings", SHOP, physical(tags)]["subjects"] == []

    def test_a_sweep_that_broke_goes_on(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        world.add_extras(tags)
        world.double.fail(503, target="DELETE .*/roles/")
        with pytest.raises(SystemUnreachable):
            sweep_ours(adapter, tags, links)
        world.double.recover()
        sweep_ours(adapter, tags, links)
        assert world.alive(tags) == []
        assert adapter.survey(tags.lease, links) == []


class TestWhatTheConnectionMay:
    def test_what_may_not_be_listed_is_a_blind_spot_and_links_are_looked_at(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        adapter, links = admitted(kubernetes_world, tags)
        for kinds in ("serviceaccounts", "roles", "rolebindings", "clusterrolebindings", "secrets"):
            kubernetes_world.double.deny(OPERATOR, f"list {kinds}")
        assert {s.link.key for s in adapter.survey(tags.lease, links)} == {link.key for link in links}
        spots = {spot.kind: spot.reason.reason for spot in adapter.blind_spots(links)}
        assert set(spots) == {
            ACCOUNT_KIND,
            LinkKind.KUBERNETES_ROLE,
            LinkKind.KUBERNETES_ROLE_BINDING,
            LinkKind.KUBERNETES_SUBJECT,
            LinkKind.KUBERNETES_SECRET,
        }
        assert "fix: allow the connection's user to list" in spots[LinkKind.KUBERNETES_SUBJECT]

    def test_where_only_its_namespaces_may_be_listed_these_are_looked_through(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        """A user whose rights are Roles of namespaces, not a ClusterRole."""
        world = kubernetes_world
        _, links = admitted(world, tags)
        world.add_extras(tags)
        rules = [{**rule, "verbs": ["get", "list"]} for rule in documented()]
        restricted = connected(world, rules, cluster_wide=False)
        found = {sighting.link.name for sighting in restricted.survey(tags.lease, links)}
        assert found >= {f"{SHOP}/{physical(tags)}", f"{SHOP}/by-hand-{physical(tags)}"}
        assert LinkKind.KUBERNETES_SUBJECT in {spot.kind for spot in restricted.blind_spots(links)}

    def test_the_documented_permissions_suffice_and_none_is_too_many(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = kubernetes_world
        links = world.create(tags)
        world.add_extras(tags)
        bind_by_hand(world, "shared", [*ours(tags), {"kind": "User", "name": "dana"}])
        bind_by_hand(world, "alone", ours(tags), "")
        permits, asked = world.cluster.rbac.permits, set()

        def noted(user: Any, what: Asked) -> bool:
            if user.name == "system:serviceaccount:ops:nhi":
                asked.add((what.group, what.resource, what.verb))
            return permits(user, what)

        adapter = connected(world, documented(), cluster_wide=True)
        monkeypatch.setattr(world.cluster.rbac, "permits", noted)
        adapter.require(links)
        adapter.room_for(links)
        taken = adapter.admit(tags, [replace(link, unique_id=None) for link in links], now())
        done = cut_off(adapter, tags, taken)
        assert done.canary
        adapter.admit(tags, taken, now())
        adapter.cut_off(tags.lease, taken, now())
        assert adapter.blind_spots(taken) == []
        sweep_ours(adapter, tags, taken)
        assert isinstance(adapter.try_canary(done.canary, now()), datetime)
        assert world.alive(tags) == []
        given = {
            (group, resource, verb)
            for rule in documented()
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        asked = {each for each in asked if not each[1].startswith("selfsubject")}
        assert given - asked == set()
        assert asked - given == set()


class TestBeforeAnythingIsMade:
    def test_a_namespace_that_is_not_there_is_told(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        links = [Link(System.KUBERNETES, ACCOUNT_KIND, "nowhere/orders", attributes={NAMESPACE: "nowhere"})]
        with pytest.raises(SpecError, match=r"nowhere, which is not there[\s\S]*depends_on"):
            kubernetes_world.adapter().require(links)
        kubernetes_world.double.deny(OPERATOR, "get namespaces")
        kubernetes_world.adapter().require(links)

    def test_a_namespace_that_is_being_deleted_is_told(self, kubernetes_world: KubernetesWorld) -> None:
        links = [Link(System.KUBERNETES, ACCOUNT_KIND, f"{SHOP}/orders", attributes={NAMESPACE: SHOP})]
        kubernetes_world.adapter().require(links)
        kubernetes_world.cluster.spaces[SHOP]["status"]["phase"] = "Terminating"
        with pytest.raises(SpecError, match=f"{SHOP}, which is being deleted"):
            kubernetes_world.adapter().require(links)

    def test_a_quota_that_leaves_no_room_is_told(self, kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
        world = kubernetes_world
        quota = {"hard": {"count/serviceaccounts": "2"}, "used": {"count/serviceaccounts": "1"}}
        world.cluster.put("resourcequotas", SHOP, "few", {"status": quota})
        adapter = world.adapter()
        links = [Link(System.KUBERNETES, ACCOUNT_KIND, f"{SHOP}/orders", attributes={NAMESPACE: SHOP})]
        assert adapter.room_for(links).problems == ()
        (problem,) = adapter.room_for(links).problems
        assert (problem.path, problem.expected) == (f"namespace {SHOP}", "at most 1, by quota few")
        world.double.deny(OPERATOR, "list resourcequotas")
        assert isinstance(world.adapter().room_for(links).not_checked, NotChecked)


class TestBesideCredentials:
    def test_a_secret_of_a_credential_is_its_place_s_and_not_a_kept_token(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world = kubernetes_world
        adapter, links = admitted(world, tags)
        place = KubernetesSecretPlace(namespace=SHOP).resolved(tags)
        body = {"metadata": marks(tags), "stringData": {"key_id": "KEY1", "value": "a-secret-value"}}
        world.cluster.put("secrets", SHOP, str(place.name), body)
        world.credentials.append("a-secret-value")
        both = [*links, place.link()]
        taken = adapter.admit(tags, both, now())
        assert [link.key for link in taken] == [link.key for link in both]
        sightings = adapter.survey(tags.lease, taken)
        assert {s.link.kind for s in sightings if s.ownership is Ownership.OURS} >= {LinkKind.KUBERNETES_SECRET}
        done = cut_off(adapter, tags, taken)
        assert done.extras == ()
        assert ("secrets", SHOP, str(place.name)) in world.cluster.objects
        sweep_ours(adapter, tags, taken)
        assert adapter.survey(tags.lease, taken) == []

    def test_an_account_in_one_namespace_with_a_role_in_another(
        self, kubernetes_world: KubernetesWorld, tags: LeaseTags
    ) -> None:
        world, name = kubernetes_world, physical(tags)
        world.cluster.add_namespace("billing")
        links = world.create(tags)
        reference = {"kind": "Role", "name": name}
        world.cluster.put("roles", "billing", name, {"metadata": marks(tags), "rules": [READ_ALL]})
        body = {"metadata": marks(tags), "roleRef": reference, "subjects": ours(tags)}
        world.cluster.put("rolebindings", "billing", name, body)
        whose = {NAMESPACE: "billing", ACCOUNT: f"{SHOP}/{name}", ROLE: name}
        links += [
            Link(System.KUBERNETES, LinkKind.KUBERNETES_ROLE, f"billing/{name}", attributes={NAMESPACE: "billing"}),
            Link(System.KUBERNETES, LinkKind.KUBERNETES_ROLE_BINDING, f"billing/{name}", attributes=whose),
        ]
        adapter = world.adapter()
        taken = adapter.admit(tags, links, now())
        cut_off(adapter, tags, taken)
        assert world.cluster.objects["rolebindings", "billing", name]["subjects"] == []
        adapter.admit(tags, taken, now())
        assert world.cluster.objects["rolebindings", "billing", name]["subjects"] == ours(tags)
        sweep_ours(adapter, tags, [])
        assert adapter.survey(tags.lease, taken) == []


def test_the_canary_is_the_account_s_own(kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
    adapter, links = admitted(kubernetes_world, tags)
    done = cut_off(adapter, tags, links)
    canary = done.canary
    assert isinstance(canary, Canary)
    assert canary.credential.subject == f"system:serviceaccount:{SHOP}:{physical(tags)}"
    assert canary.credential.uid == by_kind(links, ACCOUNT_KIND).unique_id
    assert canary.credential.asked["resource"] == "configmaps"


def test_what_a_finalizer_keeps_is_told_with_it(kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
    adapter, links = admitted(kubernetes_world, tags)
    patch = {"metadata": {"finalizers": ["shop/backup"]}}
    kubernetes_world.core.patch_namespaced_service_account(physical(tags), SHOP, patch)
    sweep_ours(adapter, tags, links)
    (sighting,) = adapter.survey(tags.lease, links)
    assert sighting.link.kind is ACCOUNT_KIND
    assert "its finalizers (shop/backup) keep it" in sighting.detail
    kubernetes_world.core.patch_namespaced_service_account(physical(tags), SHOP, {"metadata": {"finalizers": None}})
    assert adapter.survey(tags.lease, links) == []


def test_a_cluster_of_another_id_is_not_looked_at(kubernetes_world: KubernetesWorld, tags: LeaseTags) -> None:
    adapter, links = admitted(kubernetes_world, tags)
    kubernetes_world.cluster.spaces["kube-system"]["metadata"]["uid"] = os.urandom(8).hex()
    with pytest.raises(NhiError, match="where kubernetes kubernetes-service-account"):
        kubernetes_world.adapter().survey(tags.lease, links)
    assert adapter.survey(new_tags(os.urandom(16)).lease, []) == []


def ours(tags: LeaseTags) -> list[dict[str, str]]:
    return [{"kind": "ServiceAccount", "name": physical(tags), "namespace": SHOP}]


def documented() -> list[dict[str, Any]]:
    """The rules of the ClusterRole that docs/kubernetes.md shows."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    rules: list[dict[str, Any]] = yaml.safe_load(text)["rules"]
    return rules


def connected(world: KubernetesWorld, rules: list[dict[str, Any]], *, cluster_wide: bool) -> SystemAdapter:
    """An adapter whose connection is a service account with these rules, in the whole cluster or in one namespace."""
    world.cluster.add_namespace("ops")
    world.cluster.put("serviceaccounts", "ops", "nhi", {})
    world.cluster.put("clusterroles", "", "nhi", {"rules": rules})
    subjects = [{"kind": "ServiceAccount", "name": "nhi", "namespace": "ops"}]
    body = {"roleRef": {"kind": "ClusterRole", "name": "nhi"}, "subjects": subjects}
    world.cluster.put(*(("clusterrolebindings", "") if cluster_wide else ("rolebindings", SHOP)), "nhi", body)
    if not cluster_wide:
        # Else the cluster would be known by its address.
        rule = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}
        world.cluster.put("clusterroles", "", "nhi-whereabouts", {"rules": [rule]})
        reference = {"kind": "ClusterRole", "name": "nhi-whereabouts"}
        world.cluster.put("clusterrolebindings", "", "nhi", {"roleRef": reference, "subjects": subjects})
    token = world.core.create_namespaced_service_account_token("nhi", "ops", {"spec": {}}).status.token
    world._environment.setenv("KUBECONFIG", str(world.kubeconfig(token)))
    return world.adapter()
