"""``cluster verify``."""

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ..operations.session import Site, open_fleet
from ..operations.verify import CheckResult
from ..operations.verify import verify as prove
from . import exit_codes
from .json_view import print_json
from .options import host_key_option, inventory_option, load_or_exit

_MARKS = {True: ("ok", "green"), False: ("FAILED", "bold red"), None: ("skipped", "yellow")}


@click.command()
@inventory_option
@host_key_option
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.option(
    "--synthesis/--no-synthesis",
    default=True,
    help="Have a sentence spoken through the VIP.",
    show_default=True,
)
def verify(inventory: Path, accept_new_host_keys: bool, as_json: bool, synthesis: bool) -> None:
    """Prove that the cluster works, from a client's place and on its hosts.

    The client is the inventory's group `clients`, or this machine where it has none; it needs
    python3, and root to see who else answers for the VIP. Nothing is changed.

    Exit status: 0 nothing failed (what could not be tried is skipped, with the reason), 1 a check
    failed, 2 wrong inventory or command line.
    """
    site = Site(load_or_exit(inventory), inventory)
    waiting = Console(stderr=True, quiet=as_json)
    with (
        open_fleet(site, accept_new_host_keys=accept_new_host_keys) as fleet,
        waiting.status("Looking at the hosts and being a client"),
    ):
        checks = prove(site.inventory, fleet, site.record, synthesis=synthesis)
    if as_json:
        print_json(checks_record(checks))
    else:
        show_checks(Console(), checks)
    failed = any(check.ok is False for check in checks)
    raise SystemExit(exit_codes.FAILED if failed else exit_codes.OK)


def checks_record(checks: list[CheckResult]) -> dict[str, object]:
    """``{"ok": bool, "checks": [{"name": str, "ok": bool or null, "evidence": str,
    "fix": str}]}``; null is skipped."""
    return {
        "ok": all(check.ok is not False for check in checks),
        "checks": [asdict(check) for check in checks],
    }


def show_checks(console: Console, checks: list[CheckResult]) -> None:
    """Every check with what was seen; a last line that counts."""
    for check in checks:
        mark, style = _MARKS[check.ok]
        line = Text.assemble((f"{mark:>7}  ", style), (check.name, "bold"), f": {check.evidence}")
        console.print(line, soft_wrap=True)
        if check.ok is not True and check.fix:
            console.print(Text(f"{'':>9}fix: {check.fix}", "dim"), soft_wrap=True)
    counts = {ok: sum(check.ok is ok for check in checks) for ok in _MARKS}
    style = "bold red" if counts[False] else "bold green"
    text = f"{counts[True]} checks hold, {counts[False]} failed, {counts[None]} skipped"
    console.print(Text(text, style))
