"""What stands in the file, in a form that fits a line of a message."""

_LONGEST = 60


def shortened(text: str) -> str:
    """The text on one line, cut where it is long, what cannot be printed as an escape."""
    return printable(text[: _LONGEST - 1] + "…" if len(text) > _LONGEST else text)


def printable(text: str) -> str:
    """The text with escapes for what a terminal would act on or not show."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
