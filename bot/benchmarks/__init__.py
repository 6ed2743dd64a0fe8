"""How fast turns, the search and the archive are."""
