"""What Google Cloud leaves behind."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

GCP: tuple[Residue, ...] = (
    Residue(
        id="gcp.iam.propagation",
        system=System.GCP,
        what="an allow policy",
        remains="what it granted before, and what it did not, for 2 min typically, for 7 min or longer at times",
        figure=Figure(timedelta(minutes=2), timedelta(minutes=7)),
        source="GCP IAM, 'Access change propagation'; REST projects.setIamPolicy: etags",
        handling="the account is disabled first, which does not wait for it; policies are read until they lack it",
    ),
    Residue(
        id="gcp.service-account.tokens",
        system=System.GCP,
        what="a service account that is disabled",
        remains="nothing: its access tokens are refused, also those it was given before; Google says 'immediately'",
        figure=None,
        source="GCP IAM, REST serviceAccounts.disable",
        handling="a token opened beforehand is watched until it is refused, and tried again when everything is gone",
    ),
    Residue(
        id="gcp.service-account.undelete",
        system=System.GCP,
        what="a service account",
        remains="it can be brought back for 30 days, by its unique id, with its keys and what is bound for it",
        figure=Figure(timedelta(days=30), timedelta(days=30)),
        source="GCP IAM, 'Delete and undelete service accounts'; REST serviceAccounts.undelete",
        handling="its keys are disabled, its bindings removed, and the date until which it could come back reported",
    ),
    Residue(
        id="gcp.binding.deleted-members",
        system=System.GCP,
        what="a service account that bindings name",
        remains="they stay, under `deleted:serviceAccount:`, for up to 60 days, and work again if it is undeleted",
        figure=Figure(timedelta(0), timedelta(days=60)),
        source="GCP IAM, 'Delete and undelete service accounts': bindings of deleted accounts",
        handling="found by the account's unique id, or by the lease in their condition, and taken out of the policies",
    ),
    Residue(
        id="gcp.asset-search.index",
        system=System.GCP,
        what="a binding on a resource that no link names",
        remains="Cloud Asset Inventory, which is asked where it is, follows later; no figure is documented",
        figure=None,
        source="Cloud Asset Inventory, 'Search allow policies'",
        handling="what it finds is read again before it counts; what links name, and the projects, are always read",
    ),
    Residue(
        id="gcp.custom-role.undelete",
        system=System.GCP,
        what="a custom role",
        remains="it can be brought back for 7 days, counts towards the limit, and keeps its id for about 37 days",
        figure=Figure(timedelta(days=7), timedelta(days=7)),
        source="GCP IAM, REST projects.roles.delete; 'Create and manage custom roles'",
        handling="nobody can purge it: it is reported with the date until which it could come back",
    ),
    Residue(
        id="gcp.workload-identity-pool.undelete",
        system=System.GCP,
        what="a workload identity pool or a provider of one",
        remains="it can be brought back for 30 days, and lets the same tokens in again; its id is blocked meanwhile",
        figure=Figure(timedelta(days=30), timedelta(days=30)),
        source="GCP IAM, REST workloadIdentityPools.delete: state, expireTime",
        handling="nobody can purge it: reported with its date; a reserved id is told before anything is made",
    ),
    Residue(
        id="gcp.service-account-key.tokens",
        system=System.GCP,
        what="a key of a service account",
        remains="access tokens that were issued for it work until they end, an hour at most by default",
        figure=Figure(timedelta(0), timedelta(hours=1)),
        source="GCP IAM, REST serviceAccounts.keys.delete; 'Token types': access tokens live an hour by default",
        handling="the key is disabled first, deleted and tried once more; what its tokens may still do is documented",
    ),
    Residue(
        id="gcp.secret.versions",
        system=System.GCP,
        what="a secret of Secret Manager",
        remains="nothing: a secret goes with all its versions, and a destroyed version can't be read",
        figure=None,
        source="GCP Secret Manager, REST projects.secrets.delete and versions.destroy",
        handling="versions that hold keys which no longer live are destroyed; the secret is seen absent",
    ),
)
