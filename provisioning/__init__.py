"""Provisioning and operation of an LVS-DR cluster of text-to-speech nodes."""

__version__ = "0.1.0"
