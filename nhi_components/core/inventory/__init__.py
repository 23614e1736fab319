"""What a scan finds: identities, their credentials and grants, and what is known of them."""
