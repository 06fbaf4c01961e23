"""Advert intervals that VRRP's packets can carry."""

from collections.abc import Iterator

from ..finding import Context, Finding, warning

_CENTISECONDS = 4095
"""Version 3 has 12 bits of centiseconds (RFC 5798, 5.2.7)."""
_SECONDS = 255
"""Version 2 has eight bits of seconds (RFC 3768, 5.3.7)."""
_PATH = ("vrrp", "advert_interval")
_ALSO = (("vrrp", "version"),)


def advert_interval(context: Context) -> Iterator[Finding]:
    """Keepalived would round what does not fit, differently from what the peer may do."""
    vrrp = context.inventory.vrrp
    interval = vrrp.advert_interval
    if vrrp.version == 2:
        if interval != int(interval):
            yield Finding(
                _PATH,
                "VRRP version 2 takes whole seconds",
                f"write version: 3, or advert_interval: {max(1, round(interval))}",
                f"{interval:g}",
                f"a whole number from 1 to {_SECONDS}",
                also=_ALSO,
            )
        elif interval > _SECONDS:
            yield Finding(
                _PATH, "too long for VRRP version 2", "1 is usual", None, f"1 to {_SECONDS}"
            )
        return
    steps = interval * 100
    allowed = f"0.01 to {_CENTISECONDS / 100}, in steps of 0.01"
    if abs(steps - round(steps)) > 1e-6 or steps < 1:
        yield Finding(
            _PATH,
            "VRRP version 3 counts in hundredths of a second",
            f"write {max(1, round(steps)) / 100:g}",
            None,
            allowed,
            also=_ALSO,
        )
    elif steps > _CENTISECONDS:
        yield Finding(_PATH, "too long for VRRP version 3", "1 is usual", None, allowed, also=_ALSO)
    elif interval < 0.1:
        yield warning(
            _PATH,
            "so short that a busy director misses adverts and the VIP moves for nothing",
            "0.2 gives fail-over in under a second; below that set rt_priority as well",
        )
