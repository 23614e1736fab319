"""Intents on service accounts of others.

Access tokens, signed blobs and JWTs are none of them: each is as good as being the account. Who may become an account
is said where the account is made.

Source: IAM documentation, 'Create short-lived credentials for a service account'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent, named
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.intents import Part

_CREATOR: Final = "roles/iam.serviceAccountOpenIdTokenCreator"

INTENTS: Final = (
    GcpIntent(
        id="iam.mint_id_tokens",
        purpose="Mint ID tokens of one service account, which tell a service that is called who calls.",
        excludes="No access token can be minted, nothing be signed, no key be made, and the account not be read, "
        "changed, attached to a workload or shared.",
        target=named(
            ResourceKind.SERVICE_ACCOUNT,
            "projects/shop-prod/serviceAccounts/orders-caller@shop-prod.iam.gserviceaccount.com",
        ),
        parts=(Part((_CREATOR,)),),
        kind=ResourceKind.SERVICE_ACCOUNT,
        nearest=_CREATOR,
        notes="Whatever that account may call, the holder may call, too; a workload mints its own without this.",
    ),
)
