"""Actions of an upgrade on a real cluster, over SSH."""
