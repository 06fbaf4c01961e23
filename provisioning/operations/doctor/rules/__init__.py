"""Rules: one a file, or a small family. Each is a question to hosts and a judgement. Pure.

docs/doctor.md has a heading for each; a test compares both.
"""
