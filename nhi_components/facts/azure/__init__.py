"""Azure and Entra: role definitions, role assignments, federated credentials, directory roles and API permissions."""
