"""Boards: one model of what is shown, and two ways to show it."""
