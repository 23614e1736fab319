"""Google Cloud: credentials at the moment; reached by REST through google-auth."""
