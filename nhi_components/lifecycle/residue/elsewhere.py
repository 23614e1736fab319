"""What the systems leave behind that hold credentials and accounts only."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

ELSEWHERE: tuple[Residue, ...] = (
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
    Residue(
        id="azure.client-secret.tokens",
        system=System.AZURE,
        what="a client secret of an Entra application",
        remains="access tokens that were issued for it work until they end, 60 to 90 minutes",
        figure=Figure(timedelta(minutes=60), timedelta(minutes=90)),
        source="Microsoft identity platform, 'Configurable token lifetimes': access tokens 60 to 90 minutes",
        handling="the secret is removed and tried once more; what its tokens may still do is documented",
    ),
    Residue(
        id="azure.key-vault.soft-delete",
        system=System.AZURE,
        what="a secret of a Key Vault",
        remains="soft-deleted for 7 to 90 days, 90 by default; purge protection forbids to purge it",
        figure=Figure(timedelta(days=7), timedelta(days=90)),
        source="Azure Key Vault soft-delete overview",
        handling="it is purged where that is allowed, else reported with the date until which it could be recovered",
    ),
    Residue(
        id="kubernetes.secret.mounts",
        system=System.KUBERNETES,
        what="a Secret",
        remains="pods that have it mounted, or as environment variables, keep the value they have",
        figure=None,
        source="Kubernetes documentation, 'Secrets': mounted Secrets are updated automatically",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="github.secret.runs",
        system=System.GITHUB,
        what="a secret of GitHub Actions",
        remains="workflow runs that have begun keep the value they were given; it can't be read back",
        figure=None,
        source="GitHub documentation, 'Using secrets in GitHub Actions'",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="gitlab.variable.jobs",
        system=System.GITLAB,
        what="a CI/CD variable of GitLab",
        remains="jobs that have begun keep the value they were given",
        figure=None,
        source="GitLab documentation, 'GitLab CI/CD variables'",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="host.file.blocks",
        system=System.HOST,
        what="a file",
        remains="its blocks, until the file system writes them anew; processes that have it open go on reading it",
        figure=None,
        source="POSIX, unlink(): the space is freed once no process has the file open",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="scim.user.deprovisioning",
        system=System.SCIM,
        what="a user at an identity provider",
        remains="what the provider gave it elsewhere is taken back when the provider's own synchronisation runs",
        figure=None,
        source="RFC 7644, section 3.6: the service provider may choose not to delete at once, and must answer 404",
        handling="it is made inactive first, deleted, and seen absent",
    ),
    Residue(
        id="hook.account.unknown",
        system=System.HOOK,
        what="a key or an account of a system behind a hook",
        remains="what its own documentation says; the hook answers for it",
        figure=None,
        source="the hook protocol, docs/hooks.md",
        handling="the hook is asked until it lists nothing; a key whose value is at hand is tried once more",
    ),
)
