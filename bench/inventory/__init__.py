"""The inventory at scale: ingest, verdicts, paths and report against plain SQL, sqlite3 and networkx."""
