"""The audit trail: `recording` puts events into the chain of evidence, `exporting` brings the chain out as OCSF."""
