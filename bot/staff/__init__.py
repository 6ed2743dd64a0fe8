"""Who works at the counter: accounts, roles, and how they sign in."""
