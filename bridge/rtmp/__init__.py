"""A sans-io RTMP publisher, and its shell."""
