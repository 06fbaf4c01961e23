"""``cluster schema``."""

import click

from ...model.json_schema.range_schema import schema_with_ranges
from ..views.json_output import print_json


@click.command()
def schema() -> None:
    r"""Print the inventory's JSON Schema, for editors that complete and check while you type.

    With the YAML language server, write it to a file and put this line first in the inventory:

    \b
    # yaml-language-server: $schema=./inventory.schema.json
    """
    print_json(schema_with_ranges())
