"""A courier with a role, a key to its own service, a user at our identity provider: all gone with one destroy."""

import pulumi

from nhi_components import aws

# docs/hooks.md tells what it is asked, and what it answers; it reads its own credentials from its environment.
COURIER = ("courier-hook", "--region", "eu")

courier = aws.ThirdPartyIdentity(
    "courier",
    identity={
        "name": "courier",
        "environment": "dev",
        "kind": "third-party",
        "owner": {"team": "purchasing", "email": "purchasing@example.com"},
        "purpose": "fetches the parcels to deliver",
        "expires": {"after_days": 90},
    },
    vendor_account="999999999999",
    grants=aws.intents.sqs.consume("arn:aws:sqs:eu-central-1:111111111111:parcels"),
    # `pulumi config set --path nhi:scim.corp.endpoint https://idp.example.com/scim/v2`; its token is in SCIM_TOKEN.
    idp_account={"connection": "corp", "user_name": "courier@example.com"},
    saas_account={"hook": {"kind": "command", "command": COURIER}, "account": "shop"},
    source={"kind": "command", "command": COURIER, "account": "shop"},
    places=[{"kind": "vault-kv"}, {"kind": "kubernetes-secret", "namespace": "shop"}],
    rotation={"every": "30d", "overlap": "1d"},
    dependents=[
        {
            "name": "parcels",
            "alive": {"kind": "deployment", "namespace": "shop", "deployment": "parcels"},
            "refresh": {"kind": "deployment", "namespace": "shop", "deployment": "parcels"},
        }
    ],
)
pulumi.export("role_arn", courier.role_arn)
pulumi.export("key_id", courier.key_id)
pulumi.export("user_name", courier.idp_user_name)
