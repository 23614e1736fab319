"""What the project needs around the product: a laboratory with a real engine and systems on loopback."""
