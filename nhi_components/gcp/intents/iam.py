"""Intents on service accounts of others."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def mint_id_tokens(account: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """Mint ID tokens of one service account, which tell a service that is called who calls.

    No access token can be minted, nothing be signed, no key be made, and the account not be read, changed, attached to
    a workload or shared. Whatever that account may call, the holder may call, too; a workload mints its own without
    this.

    Args:
        account: the relative name of a service account, as its `id`.
        project: the project an account lies in that is known at deployment only, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("iam.mint_id_tokens", account, project=project, label=label)
