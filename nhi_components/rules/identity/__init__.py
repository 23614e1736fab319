"""Rules about who answers for an identity and when it ends."""
