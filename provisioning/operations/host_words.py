"""The words that are said of a host."""


def of_host(name: str, reason: str, event: str = "") -> str:
    """``NAME: REASON``, or ``NAME: EVENT: REASON``. Errors of a connection begin with the host's
    name already; it stands there once."""
    return ": ".join(part for part in (name, event, reason.removeprefix(f"{name}: ")) if part)
