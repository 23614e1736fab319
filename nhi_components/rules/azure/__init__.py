"""Rules about Azure and Entra."""
