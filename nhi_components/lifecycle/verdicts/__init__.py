"""Verdicts over all identities of an inventory: queries written once, run by DuckDB here or by Spark on a fleet."""
