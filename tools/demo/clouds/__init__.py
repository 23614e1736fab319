"""`make demo-clouds`: the story of `make demo` on every system at once.

A system joins by a module here that makes a `Cloud`, with `stack/on_<system>.py` beside it, and a row in `CLOUDS`.
"""
