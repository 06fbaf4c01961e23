"""The exit statuses of a command, and what each tells a script."""

OK = 0
FAILED = 1
"""Something could not be done, or something that was checked is not right."""
INVALID = 2
"""The command line or the inventory is wrong: nothing was done (also click's own)."""
CHANGES = 2
"""``plan`` and ``deploy --check`` only: hosts differ from the inventory. There a wrong inventory
is status 1, so that 2 keeps one meaning."""
PAUSED = 3
"""``rolling-upgrade`` and ``maintain`` only: it stopped in good order before its end, and can be
resumed."""
INTERRUPTED = 130
"""Ctrl-C."""
