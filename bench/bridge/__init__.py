"""What bridges cost and how late they are, beside ffmpeg doing the same."""
