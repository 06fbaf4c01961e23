"""The command line: ``cluster``."""

import sys
from typing import NoReturn

import click

from provisioning import __version__
from provisioning.cli import exit_codes
from provisioning.cli.deploy import deploy
from provisioning.cli.destroy import destroy
from provisioning.cli.drain import drain, undrain
from provisioning.cli.exec import exec_
from provisioning.cli.forget import forget
from provisioning.cli.history import history
from provisioning.cli.init import init
from provisioning.cli.lab import lab
from provisioning.cli.logs import logs
from provisioning.cli.plan import plan
from provisioning.cli.releases import releases
from provisioning.cli.render import render
from provisioning.cli.rollback import rollback
from provisioning.cli.rolling_upgrade import rolling_upgrade
from provisioning.cli.schema import schema
from provisioning.cli.service import restart, start, stop
from provisioning.cli.ssh import ssh
from provisioning.cli.status import status
from provisioning.cli.support_bundle import support_bundle
from provisioning.cli.switchover import switchover
from provisioning.cli.validate import validate
from provisioning.cli.verify import verify
from provisioning.engine.lock import LockedError
from provisioning.model.secret import SecretError
from provisioning.operations.release import ReleaseError
from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.preflight import PreflightError
from provisioning.operations.rolling_upgrade.preparing import NotNowError
from provisioning.operations.rolling_upgrade.runner import HeldUpError
from provisioning.operations.rolling_upgrade.state_file import StateFileError
from provisioning.operations.runtime_change import OperationError
from provisioning.operations.runtime_state import RuntimeStateError
from provisioning.roles.rendering import RenderingError
from provisioning.transport.base import TransportError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cluster")
def cluster() -> None:
    """One address that never goes down for a fleet of text-to-speech servers.

    An inventory describes the cluster: two directors that own the virtual IP, the real servers
    that speak, the storage they share. `cluster init` writes one, `cluster validate` checks it,
    `cluster deploy` makes the hosts so, `cluster verify` proves it, `cluster status` watches it.
    With no servers at hand, `cluster lab up` makes a whole set on this machine.

    Exit status: 0 done, 1 failed, 2 wrong command line or inventory (plan and deploy --check:
    changes pending), 130 interrupted.

    Shell completion: eval "$(_CLUSTER_COMPLETE=bash_source cluster)" (or zsh_source,
    fish_source).
    """


for command in (
    init,
    validate,
    schema,
    render,
    plan,
    deploy,
    verify,
    rolling_upgrade,
    status,
    drain,
    undrain,
    releases,
    rollback,
    switchover,
    start,
    stop,
    restart,
    logs,
    history,
    support_bundle,
    ssh,
    exec_,
    forget,
    destroy,
    lab,
):
    cluster.add_command(command)


def main() -> None:
    """Entry point; an expected failure is one line on standard error, never a traceback."""
    try:
        # Not standalone: click would make 1 of an interrupt, and 130 is what is promised.
        sys.exit(cluster.main(prog_name="cluster", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            _interrupted()
        click.echo("Not done.", err=True)
        sys.exit(exit_codes.FAILED)
    except (
        HandError,
        HeldUpError,
        LockedError,
        NotNowError,
        OperationError,
        PreflightError,
        ReleaseError,
        RenderingError,
        RuntimeStateError,
        StateFileError,
        SecretError,
        TransportError,
    ) as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(exit_codes.FAILED)
    except KeyboardInterrupt:
        _interrupted()


def _interrupted() -> NoReturn:
    click.secho("Interrupted. Run the same command again to go on.", err=True)
    sys.exit(exit_codes.INTERRUPTED)
