"""Recordings people upload, made into clips an engine can use."""
