"""Adoption: a discovered identity becomes a component's, with the privileges that it uses; nothing here changes it."""
