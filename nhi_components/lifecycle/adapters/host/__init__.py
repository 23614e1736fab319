"""Files of the machine that delivers."""
