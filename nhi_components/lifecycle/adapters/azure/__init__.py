"""Azure and Entra: credentials at the moment; reached through azure-identity."""
