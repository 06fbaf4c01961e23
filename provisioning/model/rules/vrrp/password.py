"""auth_pass: version 2 only, eight characters, no more than a guard against mis-wiring."""

import re
from collections.abc import Iterator

from ...secrets.secret import SecretError, reveal_unasked
from ..finding import Context, Finding

_LONGEST = 8
_PATH = ("vrrp", "auth_pass")


def auth_pass(context: Context) -> Iterator[Finding]:
    """Find what Keepalived would cut, drop or misread."""
    vrrp = context.inventory.vrrp
    if vrrp.auth_pass is None:
        return
    if vrrp.version == 3:
        yield Finding(
            _PATH,
            "VRRP version 3 has no authentication; Keepalived would drop it",
            "remove it, or write version: 2",
            also=(("vrrp", "version"),),
        )
    try:
        password = reveal_unasked(vrrp.auth_pass, context.base_dir)
    except SecretError:
        # The rule about secrets has it.
        return
    if len(password.encode()) > _LONGEST:
        yield Finding(
            _PATH,
            f"longer than {_LONGEST} characters; Keepalived would cut it",
            f"use {_LONGEST} characters or fewer",
            "(not shown)",
            f"1 to {_LONGEST} characters",
        )
    elif not re.fullmatch(r"[A-Za-z0-9_.,:;=+*/?@^~%&-]+", password):
        yield Finding(
            _PATH,
            "empty" if not password else "has a character that keepalived.conf reads otherwise",
            "use letters, digits and - _ . : + =",
            "(not shown)" if password else "",
            "no spaces, quotes, backslashes, brackets, $, # or !",
        )
