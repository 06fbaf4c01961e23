"""A text as a person would read it aloud: without the marks that are there to be seen."""

from .reading import as_read

__all__ = ["as_read"]
