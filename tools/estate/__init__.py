"""A planted estate on all systems of the laboratory, and what is true of it, to measure `nhi verdicts` by."""
