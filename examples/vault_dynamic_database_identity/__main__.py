"""A workload whose database users Vault makes on demand; each may read one table, and vanishes with its lease.

Vault has a database connection `shop` whose allowed_roles permit `orders-dev-*`.
"""

import pulumi

from nhi_components import vault

orders = vault.DynamicDatabaseIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads orders for the daily report",
        "expires": {"after_days": 90},
    },
    database="shop",
    database_grants=[vault.DatabaseGrant(privileges=["SELECT"], tables=["public.orders"])],
)
pulumi.export("role_name", orders.role_name)
pulumi.export("credentials_path", orders.credentials_path)
