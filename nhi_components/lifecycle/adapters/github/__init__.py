"""GitHub Actions, through PyGithub."""
