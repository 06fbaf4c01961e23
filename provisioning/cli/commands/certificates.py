"""``cluster certificates``."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ...model.derived.tls_hosts import tls_hosts
from ...model.inventory import Inventory
from ...model.tls.tls import Tls
from ...operations.certificates.renewing import renew as renewing
from ...operations.certificates.shown import ShownCertificates, shown_certificates
from ...operations.cluster.cluster import Cluster
from ...operations.cluster.fleet import open_fleet
from ...operations.status.record import certificate_record, faults_record
from .. import exit_codes
from ..asking import require_answer
from ..frame import changing
from ..lock_wait import lock_wait_option
from ..options import host_key_option, inventory_option, json_option, load_or_exit, yes_option
from ..views.certificate import certificate_cell
from ..views.json_output import print_json
from ..views.status_summary import fault_lines
from ..views.table import FittingTable


@click.group()
def certificates() -> None:
    """The certificate with which the VIPs are served (tls: in the inventory).

    Exit status: 0 done, 1 something is wrong or failed, 2 wrong inventory or command line, 130
    interrupted.
    """


@certificates.command("status", short_help="Show the certificates that clients are shown.")
@inventory_option
@host_key_option
@json_option
def status(inventory: Path, accept_new_host_keys: bool, as_json: bool) -> None:
    """Show the certificate that each real server and edge shows, and for how long it is good.

    A certificate within tls.warn_days of its end, for other names, or not the one that should be
    there is said with its fix. JSON: {"wanted": CERTIFICATE | null, "hosts": {host: CERTIFICATE},
    "unreachable": {host: reason}, "faults": [{"host", "text", "fix"}]}, where a CERTIFICATE is as
    in `cluster status --json`.

    Exit status: 0 all well, 1 something is wrong or a host cannot be asked, 2 wrong inventory (or
    one without tls) or command line.
    """
    cluster = Cluster(load_or_exit(inventory), inventory)
    tls = _tls(cluster.inventory)
    with open_fleet(cluster, accept_new_host_keys=accept_new_host_keys) as fleet:
        seen = shown_certificates(cluster, tls, fleet)
    if as_json:
        print_json(
            {
                "wanted": certificate_record(seen.wanted),
                "hosts": {name: certificate_record(one) for name, one in seen.hosts.items()},
                "unreachable": seen.unreachable,
                "faults": faults_record(seen.faults),
            }
        )
    else:
        _show(cluster.inventory, tls, seen)
    raise SystemExit(exit_codes.FAILED if seen.faults else exit_codes.OK)


@certificates.command("renew", short_help="Exchange the certificate, one host after the other.")
@inventory_option
@host_key_option
@lock_wait_option
@yes_option
@json_option
def renew(inventory: Path, accept_new_host_keys: bool, yes: bool, as_json: bool) -> None:
    """Exchange the certificate, one host after the other, without a lost request.

    With acme one real server asks for a new one, and the others take it over. With authority:
    cluster a new one is issued; with certificate and key it is what these files
    hold now. Each configuration is tried before Nginx takes it up; requests under way are finished
    with the old certificate, and nobody is drained. The next host follows when this one
    shows the new one.

    Exit status: 0 all show it, 1 one does not, 2 wrong inventory (or one without tls) or command
    line, 130 interrupted.
    """
    require_answer(yes=yes)
    cluster = Cluster(load_or_exit(inventory), inventory)
    tls = _tls(cluster.inventory)
    with changing(
        cluster, accept_new_host_keys=accept_new_host_keys, yes=yes, as_json=as_json
    ) as op:
        op.run.ok = renewing(op, tls)
    raise SystemExit(exit_codes.OK if op.run.ok else exit_codes.FAILED)


def _tls(inventory: Inventory) -> Tls:
    if inventory.tls is None:
        raise click.UsageError(
            "the inventory has no tls, so no certificate is shown: docs/tls.md says how it gets one"
        )
    return inventory.tls


def _show(inventory: Inventory, tls: Tls, seen: ShownCertificates) -> None:
    table = FittingTable(headings=("host", "serial", "names", "issuer", "until", "left"))
    rows = dict.fromkeys(tls_hosts(inventory)) | seen.hosts
    for name, one in rows.items():
        if one is None or one.until is None:
            table.add_row(name, Text("unreachable" if one is None else "none", "bold red"))
            continue
        until = f"{one.until:%Y-%m-%d}"
        cell = certificate_cell(tls, one)
        table.add_row(name, one.serial, ", ".join(one.names), one.issuer, until, cell)
    console = Console()
    console.print(table)
    for line in fault_lines(seen.faults):
        console.print(line)
