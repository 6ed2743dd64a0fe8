"""What the company has published: pages, search, answers, console."""
