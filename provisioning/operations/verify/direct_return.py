"""Replies go straight to the client: the director sees what comes in, never what goes out."""

from ...facts.ipvs.counters import Counters
from ...roles.wanted_services import WantedService
from .check import CheckResult


def check_direct_return(
    wanted: WantedService, before: Counters | None, after: Counters | None
) -> CheckResult:
    """The master's counters of the virtual service around the client's requests. Pure."""
    name = f"replies from {wanted.endpoint} bypass the director"
    if before is None or after is None:
        evidence = "no single director with that service in its table"
        return CheckResult(name, False, evidence, "see the other checks")
    # The table was made anew in between where the counters fell.
    grown = after.since(before) if after.packets_in >= before.packets_in else after
    if grown.packets_in == 0:
        evidence = "no packet of the client came through IPVS"
        return CheckResult(name, False, evidence, "is the client's way to the VIP another one?")
    if grown.packets_out or grown.bytes_out:
        evidence = (
            f"{grown.packets_out} packets, {grown.bytes_out} bytes went out through the director"
        )
        fix = "a real server is not in mode DR (lb_kind DR, `Route` in ipvsadm): `cluster plan`"
        return CheckResult(name, False, evidence, fix)
    return CheckResult(name, True, f"InPkts +{grown.packets_in}, OutPkts +0, OutBytes +0")
