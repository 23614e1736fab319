"""What a CMDB knows of identities: who owns them, what they are for, what depends on them."""
