"""Measures: medians of ratios against a named peer in the same run; absolute times mean nothing on shared machines."""
