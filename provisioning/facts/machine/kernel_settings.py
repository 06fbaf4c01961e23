"""Kernel parameters in force. Pure."""

import shlex
from collections.abc import Sequence

from ...resources.base import Observation
from ..fact import Fact


def kernel_settings(name: str, keys: Sequence[str]) -> Fact[dict[str, str]]:
    """Values by key, as ``net/ipv4/conf/eth0/rp_filter``; those that the kernel does not have are
    missing. ``name`` tells the question from others of its kind."""
    words = " ".join(map(shlex.quote, keys))
    fragment = (
        f'for key in {words}; do [ ! -r "/proc/sys/$key" ] || '
        'printf "%s %s\\n" "$key" "$(cat "/proc/sys/$key")"; done'
    )
    return Fact(f"kernel_settings.{name}", fragment, _parse)


def _parse(found: Observation) -> dict[str, str]:
    # The key of an interface has no blank; a value may have some.
    pairs = (line.partition(" ") for line in found.stdout.splitlines())
    return {key: " ".join(value.split()) for key, _, value in pairs if value}
