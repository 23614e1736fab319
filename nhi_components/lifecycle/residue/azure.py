"""What Azure and Entra leave behind."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

AZURE: tuple[Residue, ...] = (
    Residue(
        id="azure.rbac.propagation",
        system=System.AZURE,
        what="a role assignment or a custom role",
        remains="what it granted is granted for up to 10 min; data below a management group for several hours",
        figure=Figure(timedelta(0), timedelta(minutes=10)),
        source="Azure RBAC documentation, 'Troubleshoot Azure RBAC': role assignment changes are not being detected",
        handling="assignments are removed before anything is deleted; evidence says that the end was not seen",
    ),
    Residue(
        id="azure.rbac.identity-not-found",
        system=System.AZURE,
        what="a principal that role assignments name",
        remains="they stay without end, shown as 'Identity not found', and count towards the limit",
        figure=None,
        source="Azure RBAC documentation, 'Troubleshoot Azure RBAC': role assignments with identity not found",
        handling="found by the principal's object id, or by the lease in their description, and removed",
    ),
    Residue(
        id="azure.managed-identity.tokens",
        system=System.AZURE,
        what="a managed identity",
        remains="its tokens are cached and accepted for up to 24 h; nothing can end one before",
        figure=Figure(timedelta(0), timedelta(hours=24)),
        source="Microsoft Entra, 'Managed identities for Azure resources frequently asked questions': token revocation",
        handling="its roles are taken, so that a token which is accepted permits nothing; told as possible sessions",
    ),
    Residue(
        id="azure.managed-identity.made-anew",
        system=System.AZURE,
        what="a managed identity that is deleted",
        remains="nothing: it can't be brought back, and one made anew under its name is another principal",
        figure=None,
        source="Microsoft Entra, 'Manage user-assigned managed identities'; REST User Assigned Identities",
        handling="told apart by its `principalId`; one that somebody else has made is left alone",
    ),
    Residue(
        id="azure.federated-credential.propagation",
        system=System.AZURE,
        what="a federated credential",
        remains="whom it let in is let in for a while; no figure is documented",
        figure=None,
        source="Microsoft Entra, 'Important considerations and restrictions for federated identity credentials'",
        handling="parked first, so that nobody is let in while the rest goes; deleted with its principal",
    ),
    Residue(
        id="azure.cosmos-roles.asynchronous",
        system=System.AZURE,
        what="a role of a Cosmos DB account's own, or an assignment of one",
        remains="a deletion is accepted and carried out later; no figure is documented",
        figure=None,
        source="Cosmos DB REST reference, 'SQL Resources': Delete SQL Role Assignment, 202",
        handling="it is asked for until it is gone",
    ),
    Residue(
        id="azure.entra.soft-delete",
        system=System.AZURE,
        what="an application or a service principal of Entra",
        remains="it can be brought back for 30 days, with its secrets, and counts towards the directory's quota",
        figure=Figure(timedelta(days=30), timedelta(days=30)),
        source="Microsoft Entra, 'Recover from deletions'; 'Deletion and recovery of applications FAQ'",
        handling="found among what was deleted, and deleted for good; where that is forbidden its date is reported",
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
        id="azure.key-vault.exp",
        system=System.AZURE,
        what="the end of a secret of a Key Vault, its `exp`",
        remains="it is told only: a secret that is past it is given out as before",
        figure=None,
        source="Key Vault, 'About Azure Key Vault secrets': date-time controlled operations",
        handling="what ends is the role that reads it: a suspended identity has none",
    ),
)
