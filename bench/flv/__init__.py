"""One stream, many viewers: what one costs our HTTP-FLV, beside nginx-rtmp's own RTMP play."""
