"""What the app says over HTTP: the customer API, pages, errors, headers."""
