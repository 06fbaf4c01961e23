"""Options that the commands of ``cluster lab`` share."""

import click

name_option = click.option(
    "--name", default="lab", show_default=True, help="Which lab; several can be up at once."
)
node_argument = click.argument("node")
