"""The editor's console."""
