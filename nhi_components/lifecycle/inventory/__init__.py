"""The inventory: what scans have found, with its history, in a database."""
