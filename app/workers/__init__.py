"""Worker processes: one per slot, each holds an engine; what happens to one stays there."""
