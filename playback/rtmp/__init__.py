"""A sans-io RTMP player: as much of RTMP 1.0 as playing one live stream takes, and a thin shell."""
