"""Keep a director that takes over from breaking connections that it is still being told of. Pure.

A director's own TCP answers a packet of a connection that IPVS does not know with a reset. What it
is told of (``tell_connections``) goes through a thread of its kernel, and on a busy machine a
client's next packet may be there before. For a moment a policy rule (ip-rule(8)) drops what the
director itself says from a service's port of the VIP: the client sends again, which TCP does after
0.2 s and more (RFC 6298), and finds its connection known. What IPVS forwards has the client's
address and is not concerned, nor is what reverse path filters ask of the routing table.
"""

import shlex

from ...model.derived.resolve import sync_daemon_of
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...roles.wanted_services import wanted_services

_PRIORITY = 7848
"""Of the rule; no other of this program's has it."""
_HOLD = 1
"""Seconds for which resets are held once the VIPs are there."""


def hold_resets(inventory: Inventory, candidate: str) -> str:
    """Fragment to run on a director before the others yield; empty where nothing would be told, or
    where an app of the director's own answers at the VIP. A process in the background takes the
    rules away again. It never fails: without them it is as it was."""
    if sync_daemon_of(inventory) is None or candidate in inventory.real_servers.hosts:
        return ""
    rules = {
        (one.vip.version, f"from {one.vip} ipproto tcp sport {one.service.port}")
        for one in wanted_services(inventory, Runtime())
    }
    words = [
        f'ip -{version} rule "$1" priority {_PRIORITY} {rule} blackhole || :'
        for version, rule in sorted(rules)
    ]
    change = "\n".join(["change() {", *words, "}", ""])
    vips = " ".join(str(vip.address.ip) for vip in inventory.virtual_ips)
    longest = 10 * round(10 + 4 * inventory.vrrp.advert_interval)
    later = (
        f"{change}left={longest}\n"
        'while [ "$left" -gt 0 ]; do\n'
        "    found=$(ip -o address show | grep -v ': lo ')\n"
        "    here=yes\n"
        f"    for vip in {vips}; do\n"
        '        case $found in *" $vip/"*) ;; *) here=no ;; esac\n'
        "    done\n"
        '    [ "$here" = no ] || break\n'
        "    left=$((left - 1))\n"
        "    sleep 0.1\n"
        "done\n"
        f"sleep {_HOLD}\n"
        "change del"
    )
    return (
        f"{change}"
        # Those of a switch-over that was cut.
        "change del 2> /dev/null\n"
        "change add\n"
        # The control machine may go away; the rules must not stay.
        f"setsid sh -c {shlex.quote(later)} < /dev/null > /dev/null 2>&1 &\n"
    )
