"""One turn of a conversation: heard, put to the assistant, voiced, told to watchers."""
