"""What the `guichet` command does, a module for each group of commands."""
