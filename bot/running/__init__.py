"""Preparing, training, serving and supervising a counter, and talking to one."""
