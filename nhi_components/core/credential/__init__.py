"""A credential that never enters the state: where it comes from, where it is delivered, when it is rotated."""
