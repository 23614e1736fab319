"""The laboratory: a Pulumi engine, and a sandbox of real or emulated systems on loopback. POSIX only."""
