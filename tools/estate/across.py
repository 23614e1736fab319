"""Chains over clouds: each step is planted where its system keeps it, and each has a twin that leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tools.doubles.gcp.double import PROJECT
from tools.estate.aws import AwsEstate, allow, trusted
from tools.estate.azure import SUB, AzureEstate
from tools.estate.gcp import GcpEstate
from tools.estate.github import ACME, GitHubEstate
from tools.estate.kubernetes import KubernetesEstate
from tools.estate.truth import ADMINISTRATOR, DOUBTFUL, ENDLESS, PATH, SHADOW
from tools.estate.vault import VaultEstate
from tools.lab.sandbox.aws import ACCOUNT

_GITHUB: Final = "token.actions.githubusercontent.com"
_EXCHANGE: Final = "api://AzureADTokenExchange"


class Across:
    """Plants what crosses from one system into another.

    Args:
        aws, azure, gcp, github, kubernetes, vault: the systems.
    """

    def __init__(
        self,
        aws: AwsEstate,
        azure: AzureEstate,
        gcp: GcpEstate,
        github: GitHubEstate,
        kubernetes: KubernetesEstate,
        vault: VaultEstate,
    ) -> None:
        self._aws, self._azure, self._gcp, self._github = aws, azure, gcp, github
        self._kubernetes, self._vault = kubernetes, vault

    def plant(self) -> None:
        """Plant all of them."""
        self._from_github()
        self._from_kubernetes()
        self._from_google()

    def _from_github(self) -> None:
        """GitHub Actions to a role of AWS, and to an owner in Azure; and whoever can push to the repositories."""
        self._github.repository("deployer", SHADOW, PATH, why="its workflows become an administrator of AWS")
        self._github.repository("azure-deployer", SHADOW, PATH, why="its workflows become an owner in Azure")
        self._github.repository("deployer-docs", SHADOW, why="only called like one that matters")
        self._github.deploy_key("deployer", SHADOW, ENDLESS, PATH, made=10, used=1, why="pushes to such a repository")
        reads: dict[str, Any] = {"made": 10, "used": 1, "write": False}
        self._github.deploy_key("deployer", SHADOW, ENDLESS, why="only reads such a repository", **reads)
        self._github.app("pushes-all", SHADOW, PATH, contents="write", workflows="write")
        self._github.app("pushes-some", SHADOW, DOUBTFUL, contents="write")
        self._role("github-admin", _GITHUB, {"sub": f"repo:{ACME}/deployer:ref:refs/heads/main"}, admin=True)
        self._role("github-plain", _GITHUB, {"sub": f"repo:{ACME}/deployer-docs:*"}, admin=False)
        self._role("github-other", _GITHUB, {"sub": "repo:elsewhere/deployer:*"}, admin=True)
        owner = self._azure.identity("github-owner", ADMINISTRATOR, holds=[("Owner", SUB)], why="trusts a repository")
        subject = f"repo:{ACME}/azure-deployer:ref:refs/heads/main"
        trust = {"issuer": f"https://{_GITHUB}", "subject": subject, "audiences": [_EXCHANGE]}
        with self._azure.double.lock:
            self._azure.double.federation.put(owner, "main", trust)

        self._github_to_google()

    def _github_to_google(self) -> None:
        self._github.repository("gcp-deployer", SHADOW, PATH, why="its workflows become an owner in Google Cloud")
        self._github.repository("gcp-reader", SHADOW, why="its workflows become a harmless account")
        mapping = {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"}
        owned = f"assertion.repository_owner == '{ACME}'"
        pool = self._gcp.pool("github", f"https://{_GITHUB}", mapping, owned)
        for name, account in (("gcp-deployer", "owner"), ("gcp-reader", "plain-end")):
            member = f"{pool}/attribute.repository/{ACME}/{name}"
            key = f"serviceAccount:{account}@{PROJECT}.iam.gserviceaccount.com"
            self._gcp.let(member, key, "roles/iam.workloadIdentityUser")

    def _from_kubernetes(self) -> None:
        """A service account of a cluster to an owner in Google Cloud, and to an administrator of Vault."""
        end = f"serviceAccount:owner@{PROJECT}.iam.gserviceaccount.com"
        plain = f"serviceAccount:plain-end@{PROJECT}.iam.gserviceaccount.com"
        bound = {"gke-owner": (end, True), "gke-plain": (plain, True), "gke-unbound": (end, False)}
        for name, (account, is_bound) in bound.items():
            annotations = {"iam.gke.io/gcp-service-account": account.partition(":")[2]}
            told = [PATH] if account == end and is_bound else []
            self._kubernetes.account(name, *told, annotations=annotations, why=f"annotated with {account}")
            if is_bound:
                member = f"serviceAccount:{PROJECT}.svc.id.goog[shop/{name}]"
                self._gcp.let(member, account, "roles/iam.workloadIdentityUser")
        every = {"*": ["create", "read", "update", "delete", "list", "sudo"]}
        why = "logs in to Vault as an administrator"
        self._kubernetes.account("vault-admin", PATH, why=why)
        self._vault.for_account("cluster-admin", "vault-admin", "shop", ADMINISTRATOR, rules=every)
        self._kubernetes.account("vault-reader", why="logs in to Vault as a reader")
        self._vault.for_account("cluster-reader", "vault-reader", "shop", rules={"kv/data/shop": ["read"]})
        for name, admin in (("irsa-admin", True), ("irsa-plain", False)):
            role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
            annotations = {"eks.amazonaws.com/role-arn": role}
            self._kubernetes.account(name, *([PATH] if admin else []), annotations=annotations, why=f"becomes {name}")
            subject = f"system:serviceaccount:shop:{name}"
            self._role(name, "oidc.eks.eu-central-1.amazonaws.com/id/SHOP", {"sub": subject}, admin=admin)

    def _from_google(self) -> None:
        """A service account of Google Cloud to a role of AWS, and one that becomes that account."""
        source = self._gcp.account("to-aws", PATH, why="becomes an administrator of AWS")
        before = self._gcp.account("to-to-aws", PATH, why="makes tokens of one that becomes an administrator of AWS")
        self._gcp.let(before, source, "roles/iam.serviceAccountTokenCreator")
        far = "three steps over three systems from an administrator of AWS"
        self._kubernetes.account("gke-to-aws", PATH, why=far)
        workload = f"serviceAccount:{PROJECT}.svc.id.goog[shop/gke-to-aws]"
        self._gcp.let(workload, before, "roles/iam.workloadIdentityUser")
        subject = self._gcp.unique_id(source)
        self._role("google-admin", "accounts.google.com", {"sub": subject, "aud": subject}, admin=True)
        other = self._gcp.unique_id(self._gcp.account("to-plain-aws", why="becomes a harmless role of AWS"))
        self._role("google-plain", "accounts.google.com", {"sub": other, "aud": other}, admin=False)

    def _role(self, name: str, issuer: str, claims: Mapping[str, str], *, admin: bool) -> None:
        equal = {f"{issuer}:{claim}": value for claim, value in claims.items() if "*" not in value}
        like = {f"{issuer}:{claim}": value for claim, value in claims.items() if "*" in value}
        condition = {"StringEquals": equal, "StringLike": like}
        principal = issuer if "google" in issuer else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
        more: dict[str, Any] = {"Condition": {kind: asked for kind, asked in condition.items() if asked}}
        trust = trusted({"Federated": principal}, "sts:AssumeRoleWithWebIdentity", **more)
        told, allowed = ([ADMINISTRATOR], [allow("*")]) if admin else ([], None)
        self._aws.role(name, *told, allowed=allowed, trust=[trust], why=f"trusts {issuer}")
