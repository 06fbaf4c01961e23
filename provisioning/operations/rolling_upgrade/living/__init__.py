"""The hands of an upgrade on a real cluster, over SSH."""
