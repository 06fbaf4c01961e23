"""``cluster validate``."""

from pathlib import Path

import click

from provisioning.cli import exit_codes
from provisioning.cli.json_view import print_json
from provisioning.cli.options import inventory_option, json_option
from provisioning.cli.problem_view import show_problems
from provisioning.model.inventory import Inventory
from provisioning.model.loading import read_inventory
from provisioning.model.problem import InventoryError, Problem
from provisioning.model.resolve import groups


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
        found, problems = reading.inventory, reading.warnings
    except InventoryError as error:
        problems = error.problems
    if as_json:
        print_json(_record(inventory, found, problems))
    else:
        show_problems(problems, err=found is None)
        if found is not None:
            click.secho(f"{inventory}: ok: {_summary(found)}", fg="green")
    raise SystemExit(exit_codes.INVALID if found is None else exit_codes.OK)


def _record(path: Path, found: Inventory | None, problems: list[Problem]) -> dict[str, object]:
    return {
        "file": str(path),
        "ok": found is not None,
        "problems": [problem.as_dict() for problem in problems],
    }


def _summary(inventory: Inventory) -> str:
    counts = [
        f"{len(group.hosts)} {name.replace('_', ' ')}"
        for name, group in groups(inventory).items()
        if group.hosts
    ]
    vips = ", ".join(str(vip.address.ip) for vip in inventory.virtual_ips)
    return f"{vips}: {', '.join(counts)}"
