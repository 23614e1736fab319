"""Rules about Google Cloud: bindings, custom roles, workload identity federation."""
