"""The services of an identity's life, and the ports through which they reach the connected systems."""
