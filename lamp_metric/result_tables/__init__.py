"""Tables of results: as text, as CSV, and the published ones."""
