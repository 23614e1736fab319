"""Coverage-guided fuzzing of the readers and the judge."""
