"""Text-to-speech engines, one file each behind the interface in ``app.engines.interface``."""
