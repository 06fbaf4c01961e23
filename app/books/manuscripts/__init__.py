"""Text files and EPUBs as chapters, and chapters as pieces that are spoken one by one."""
