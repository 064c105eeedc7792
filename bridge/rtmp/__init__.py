"""A sans-io RTMP publisher and its shells: one connection, and one that is kept up."""
