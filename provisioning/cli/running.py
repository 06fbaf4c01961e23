"""Runs a command line, and makes of whatever comes of it a message and a status."""

import click

from .. import __version__
from ..errors import ClusterError
from . import exit_codes
from .group import Commands
from .streams import lost_output
from .verbosity import log_options
from .views.colour import colour
from .views.json_output import print_json
from .wrong_inventory import WrongInventoryError


@click.group(
    cls=Commands,
    params=log_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="cluster")
def cluster() -> None:
    """One address that never goes down for a fleet of text-to-speech servers.

    An inventory describes the cluster: two directors that own the virtual IP, the real servers
    that speak, the storage they share. `cluster init` writes one, `cluster validate` checks it,
    `cluster deploy` makes the hosts so, `cluster verify` proves it, `cluster status` watches it.
    With no servers at hand, `cluster lab up` makes a whole set on this machine.

    With -v or --debug a command logs on standard error what happens between it and the hosts.

    Exit status: 0 done, 1 failed, 2 wrong command line or inventory (plan and deploy --check:
    changes pending, and 1 for what is wrong), 130 interrupted.

    Shell completion: eval "$(_CLUSTER_COMPLETE=bash_source cluster)" (or zsh_source,
    fish_source).
    """


def run(arguments: list[str]) -> int:
    """The exit status of the command line. Raises ``KeyboardInterrupt``.

    With ``--json`` a command that ends with a message has it on standard output as well:
    ``{"error": message}``, and for a wrong inventory ``"diagnostics"`` as ``validate`` has them. So
    has a command line that names no command.
    """
    as_json = _asks_for_json(arguments)
    try:
        return _status(
            cluster.main(arguments, prog_name="cluster", standalone_mode=False, color=colour())
        )
    except SystemExit as ended:
        return _status(ended.code)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            if as_json:
                print_json({"error": "interrupted"}, indent=None)
            raise KeyboardInterrupt from None
        return _failed("Not done.", as_json, plain=True)
    except WrongInventoryError as error:
        error.show()
        if as_json:
            print_json(error.record())
        return error.status
    except click.ClickException as error:
        error.show()
        if as_json:
            print_json({"error": error.format_message()}, indent=None)
        return error.exit_code
    except ClusterError as error:
        return _failed(str(error), as_json)
    except OSError as error:
        if error.filename is None:
            click.secho(lost_output(error), fg="red", err=True, color=colour())
            return exit_codes.FAILED
        return _failed(f"{error.filename}: {error.strerror}", as_json)


def _failed(message: str, as_json: bool, *, plain: bool = False) -> int:
    if plain:
        click.echo(message, err=True)
    else:
        click.secho(f"Error: {message}", fg="red", err=True, color=colour())
    if as_json:
        print_json({"error": message}, indent=None)
    return exit_codes.FAILED


def _status(code: object) -> int:
    """As Python takes what is given to ``SystemExit``."""
    return code if isinstance(code, int) else exit_codes.OK if code is None else exit_codes.FAILED


def _asks_for_json(arguments: list[str]) -> bool:
    """Tell whether a command that has ``--json`` is given it, or none that there is."""
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" not in words:
        return False
    command: click.Command = cluster
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word) or command
    grouped = isinstance(command, click.Group)
    return grouped or any("--json" in one.opts for one in command.params)
