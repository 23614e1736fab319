"""Identities of one stack, plan or set of files together: who may become whom."""
