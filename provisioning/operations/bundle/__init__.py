"""One file with all that a deploy brings, for clusters without a way to the internet."""
