"""``cluster validate``."""

from pathlib import Path

import click

from ...model.derived.resolve import groups
from ...model.derived.way_in import way_in_vips
from ...model.inventory import Inventory
from ...model.loader.diagnostic import Diagnostic, InventoryError
from ...model.loader.load import read_inventory
from .. import exit_codes
from ..options import inventory_option, json_option
from ..views.diagnostics import show_diagnostics
from ..views.json_output import print_json


@click.command()
@inventory_option
@click.argument("path", required=False, type=click.Path(path_type=Path))
@json_option
def validate(inventory: Path, path: Path | None, as_json: bool) -> None:
    """Check the inventory (PATH is -i PATH) and print every mistake at once.

    Each comes with file:line:column, the key, what was found, what is allowed, and the fix.
    Nothing is asked of any host. A warning is something that is allowed and will surprise.

    Exit status: 0 usable (there may be warnings), 2 not usable.
    """
    inventory = path or inventory
    found: Inventory | None = None
    try:
        reading = read_inventory(inventory)
        found, diagnostics = reading.inventory, reading.warnings
    except InventoryError as error:
        diagnostics = error.diagnostics
    if as_json:
        print_json(_record(inventory, found, diagnostics))
    else:
        show_diagnostics(diagnostics, err=found is None)
        if found is not None:
            click.secho(f"{inventory}: ok: {_summary(found)}", fg="green")
    raise SystemExit(exit_codes.INVALID if found is None else exit_codes.OK)


def _record(
    path: Path, found: Inventory | None, diagnostics: list[Diagnostic]
) -> dict[str, object]:
    return {
        "file": str(path),
        "ok": found is not None,
        "diagnostics": [diagnostic.as_dict() for diagnostic in diagnostics],
    }


def _summary(inventory: Inventory) -> str:
    counts = [
        f"{len(group.hosts)} {name.replace('_', ' ')}"
        for name, group in groups(inventory).items()
        if group.hosts
    ]
    vips = ", ".join(str(vip.address.ip) for vip in way_in_vips(inventory))
    return f"{vips}: {', '.join(counts)}"
