"""The judge against its peers, on the managed policies of AWS."""
