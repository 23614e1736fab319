"""Rules about Kubernetes."""
