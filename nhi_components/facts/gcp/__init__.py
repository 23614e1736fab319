"""Google Cloud: bindings, roles and workload identity federation as facts."""
