"""HLS in several qualities: playlists (pure), segments, and what makes them of one stream."""
