"""`pulumi-resource-nhi`: our own provider, with the two ends of a bundle's bracket, Lease and Seal."""
