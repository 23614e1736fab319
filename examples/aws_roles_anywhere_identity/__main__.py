"""A workload outside AWS that gets a role's sessions with its certificate; the trust anchor exists already."""

import pulumi

from nhi_components import Grant, aws

printer = aws.RolesAnywhereIdentity(
    "printer",
    identity={
        "name": "printer",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "prints delivery notes in the warehouse",
        "expires": {"after_days": 90},
    },
    trust_anchor_arn="arn:aws:rolesanywhere:eu-central-1:111111111111:trust-anchor/01234567-89ab-cdef-0123-456789abcdef",
    certificate=aws.Certificate(common_name="printer.warehouse.example.com"),
    grants=[Grant(actions=["sqs:ReceiveMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:deliveries"])],
)
pulumi.export("role_arn", printer.role_arn)
pulumi.export("profile_arn", printer.profile_arn)
