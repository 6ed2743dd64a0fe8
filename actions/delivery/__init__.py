"""Everything that leaves the house, and the letters that come back."""
