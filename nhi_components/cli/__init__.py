"""The `nhi` command: one thin file a command."""
