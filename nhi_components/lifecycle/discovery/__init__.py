"""Discovery: reading which identities there are, page by page, and saying what could not be seen."""
