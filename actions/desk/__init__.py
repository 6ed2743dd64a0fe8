"""The agent's desk."""
