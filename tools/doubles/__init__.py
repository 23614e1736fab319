"""Doubles of vendors' APIs: they speak the documented HTTP on loopback and are driven by the vendors' own clients."""
