"""What Guichet does for the customer, and what a human does next."""
