"""A service, `settlement`, with a client certificate from Vault: raise `certificate:generation` and it is cut over.

The next `up` delivers the new certificate into the service's KV entry. The old one is valid for the overlap, in which
dependents roll with `secret_version`; the first `up` after that revokes it.
"""

import pulumi

from nhi_components import vault

config = pulumi.Config("certificate")

settlement = vault.CertificateIdentity(
    "settlement",
    identity={
        "name": "settlement",
        "environment": config.get("environment") or "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "proves itself to the broker that it settles payments through",
        "expires": {"after_days": config.get_int("days") or 180},
    },
    names=[config.get("dns_name") or "settlement.internal.example"],
    usages=["client"],
    generation=config.get_int("generation", 1) or 0,
    overlap_seconds=config.get_int("overlap_seconds", 86_400) or 0,
    pki_mount=config.get("pki_mount") or "pki",
)

pulumi.export("lease", settlement.lease_id)
pulumi.export("role", settlement.role_name)
pulumi.export("role_id", settlement.role_id)
pulumi.export("secret_path", settlement.secret_path)
pulumi.export("secret_version", settlement.secret_version)
pulumi.export("serial", settlement.certificate_serial)
