"""The one place that decides which bridges should run. Pure (docs/bridge.md, "Jobs")."""
