"""Systems that declared commands and web hooks speak to; docs/hooks.md tells the protocol."""
