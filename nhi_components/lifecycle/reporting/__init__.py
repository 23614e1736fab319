"""Reports: what an inventory, its verdicts and the evidence tell, frozen, as a page, tables and JSON."""
