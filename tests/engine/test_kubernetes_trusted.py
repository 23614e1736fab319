"""Vault and Google Cloud that trust an account of Kubernetes by a name that is known at preview, by the doubles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hvac
import pytest

from tests.engine.access import reads
from tests.engine.gcp import GoogleCloud, gcp_bundle
from tests.engine.gcp_access import OTHER_POD, assert_gone, become, pod
from tests.engine.gcp_access import everything as in_google
from tests.engine.kubernetes import NAME, SHOP, OneCluster, kubernetes_bundle, kubernetes_program
from tests.engine.programs import vault_bundle
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

REFUSED = (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)
LOGIN = "vault.KubernetesLogin(namespace='shop', service_account=orders_k8s.service_account, audience='vault')"
ON_GKE = f"gcp.GkeTrust(cluster_project={PROJECT!r}, namespace={SHOP!r}, service_account=orders_k8s.service_account)"


def test_its_tokens_are_taken_until_it_is_gone_everywhere(
    project: Callable[..., Project], cluster: OneCluster, gcp: GoogleCloud, vault_client: Callable[..., Any]
) -> None:
    cluster.vouches_in(vault_client())
    program = kubernetes_program(
        "from nhi_components import gcp, vault",
        kubernetes_bundle(token_audiences="['vault']"),
        vault_bundle(login=LOGIN, secret="nhi.SecretSpec()"),
        gcp_bundle(gcp, trusted_by=ON_GKE),
    )
    stack = gcp.reached_by(cluster.reached_by(project(program)))
    previewed = stack.preview("--diff")
    assert f"{PROJECT}.svc.id.goog[{SHOP}/orders-test-" in previewed.text
    stack.up()
    outputs = stack.outputs()
    account, identity, google = outputs[NAME], outputs["orders-vault"], outputs["orders-gcp"]

    def log_in(token: str) -> Any:
        client = vault_client("")
        found = client.write("auth/kubernetes/login", role=identity["role"], jwt=token)
        client.token = found["auth"]["client_token"]
        return client

    token = cluster.session(account["account"], "vault").token
    session = log_in(token)
    assert session.auth.token.lookup_self()["data"]["entity_id"] == identity["entity"]
    assert reads(session, identity["secret"])
    with pytest.raises(REFUSED):
        log_in(cluster.session(account["account"]).token)
    its_pod = pod(gcp, f"{PROJECT}.svc.id.goog[{SHOP}/{account['account']}]")
    assert become(gcp, google["email"], its_pod)
    assert become(gcp, google["email"], pod(gcp, OTHER_POD)) is None

    stack.destroy()
    assert not reads(session, identity["secret"])
    with pytest.raises(REFUSED):
        log_in(token)
    assert become(gcp, google["email"], its_pod) is None
    assert (cluster.everything(), in_google(gcp)) == ({}, {})
    assert_gone(gcp, stack, account["lease"], identity["lease"], google["lease"])
