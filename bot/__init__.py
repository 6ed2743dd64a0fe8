"""What the customer meets: widget, conversation API, assistant, command line."""
