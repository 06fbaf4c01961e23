"""Voices made from recordings: registered ones, which all nodes share, and a request's own."""
