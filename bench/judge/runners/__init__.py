"""Programs that judge the documents of a file and tell how long that took: `python -P RUNNER FILE`.

Each runs in the environment of what it measures, so none imports another. A file holds one policy document a line; the
answer on standard output is `{"documents", "seconds", "findings"}`, where seconds are CPU seconds of the process from
the first line's text to the last line's findings, imports and reading the file not counted.
"""
