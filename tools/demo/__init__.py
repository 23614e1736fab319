"""`make demo`: the whole life of one identity, narrated, on a real engine and a sandbox of its own."""
