"""What a child process runs. No Django, no database: a spec in, media through, states out."""
