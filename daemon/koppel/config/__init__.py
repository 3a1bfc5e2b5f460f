"""Settings: the daemon's own file, connection files, secrets."""
