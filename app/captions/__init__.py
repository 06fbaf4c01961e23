"""Captions: a text in words, and words in time as files that players show."""
