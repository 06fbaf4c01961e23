"""Finished audio in the folder that all nodes share."""
