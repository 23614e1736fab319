"""GitLab CI/CD, through python-gitlab."""
