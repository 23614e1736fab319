"""AWS: policy documents as facts."""
