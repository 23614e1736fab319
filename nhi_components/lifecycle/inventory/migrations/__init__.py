"""Migrations of the inventory's tables, run by Alembic when an inventory is opened."""
