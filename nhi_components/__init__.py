"""Non-human identities as Pulumi components: provisioned, judged, destroyed and proved."""
