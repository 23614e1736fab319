"""AWS: IAM roles with what hangs on them, instance profiles, Secrets Manager secrets."""
