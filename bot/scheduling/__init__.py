"""What the counter does by itself, once among its replicas."""
