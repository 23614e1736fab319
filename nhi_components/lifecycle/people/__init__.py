"""People and teams, as directories know them: owners are looked up among them."""
