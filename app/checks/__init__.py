"""Validation of requests: one file per kind of rule. Each raises ``InvalidInputError``."""
