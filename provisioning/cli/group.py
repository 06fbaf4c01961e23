"""All commands, in the order in which an operator needs them, each imported when it is run."""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from .verbosity import with_log_options


@dataclass(frozen=True, slots=True)
class _Entry:
    place: str
    """Module of ``commands`` and name in it."""
    summary: str
    """For the list of commands: at most 60 signs, so that it fits a terminal of 80."""


_SECTIONS: dict[str, dict[str, _Entry]] = {
    "Set up": {
        "init": _Entry("init:init", "Write a commented inventory; ask, look, or import."),
        "validate": _Entry("validate:validate", "Check the inventory: every mistake at once."),
        "schema": _Entry("schema:schema", "Print the inventory's JSON Schema, for editors."),
        "explain": _Entry("explain:explain", "Explain a key of the inventory, with an example."),
        "render": _Entry("render:render", "Show every file that deploy would put on the hosts."),
    },
    "Change": {
        "plan": _Entry("plan:plan", "Show what deploy would change, and change nothing."),
        "deploy": _Entry("deploy:deploy", "Make the hosts what the inventory says; prove it."),
        "verify": _Entry("verify:verify", "Prove that the cluster works, as a client."),
        "rolling-upgrade": _Entry(
            "rolling_upgrade:rolling_upgrade", "Roll out a new release without interruption."
        ),
        "rollback": _Entry("rollback:rollback", "Go back to a release the hosts still have."),
        "destroy": _Entry("destroy:destroy", "Put hosts back as they were before."),
    },
    "Run": {
        "drain": _Entry("drain:drain", "Take a real server out of service; nobody notices."),
        "undrain": _Entry("drain:undrain", "Put a drained real server back to work."),
        "maintain": _Entry(
            "maintain:maintain", "Upgrade packages, reboot: each host drained, then proved."
        ),
        "switchover": _Entry("switchover:switchover", "Move the virtual IP to another director."),
        "start": _Entry("service:start", "Start the app on real servers."),
        "stop": _Entry("service:stop", "Stop it, after its work is done."),
        "restart": _Entry("service:restart", "Restart it, drained, batch by batch."),
        "rotate": _Entry("rotate:rotate", "Exchange the nodes' secret; nobody notices."),
        "exec": _Entry("exec:exec_", "Run a command on many hosts at once."),
        "push": _Entry("push:push", "Bring files to many hosts, each whole or not at all."),
        "pull": _Entry("pull:pull", "Fetch a file or folder of many hosts."),
        "ssh": _Entry("ssh:ssh", "Log in to a host."),
    },
    "Look": {
        "status": _Entry("status:status", "Show what every host is now, and what is wrong."),
        "alerts": _Entry("alerts:alerts", "Show which alerts burn; silence one; try the way."),
        "dashboard": _Entry("dashboard:dashboard", "Show where the boards are; open them."),
        "logs": _Entry("logs:logs", "Show the logs of hosts."),
        "releases": _Entry("releases:releases", "Show which release each real server runs."),
        "history": _Entry("history:history", "Show who did what to this cluster, and when."),
    },
    "Repair": {
        "doctor": _Entry("doctor:doctor", "Find what is wrong around it: network, hosts."),
        "support-bundle": _Entry(
            "support_bundle:support_bundle", "Pack what is needed to find a fault."
        ),
        "state": _Entry("state:state", "Show what the cluster remembers; save it, restore it."),
        "forget": _Entry("forget:forget", "Give up a host that left the inventory and is gone."),
    },
    "Supply": {
        "artifacts": _Entry(
            "artifacts:artifacts", "Fetch weights and other big files; check them."
        ),
        "certificates": _Entry(
            "certificates:certificates", "Show what clients are shown; exchange it in time."
        ),
        "bundle": _Entry("bundle:bundle", "Pack all that a deploy brings, for use offline."),
    },
    "Lab": {
        "lab": _Entry("lab:lab", "A whole set of machines on this one, to deploy to."),
    },
}
_ENTRIES = {name: entry for section in _SECTIONS.values() for name, entry in section.items()}


def _inventory_hint(error: click.UsageError) -> str:
    """Advise one who names the inventory without ``-i``, the one file a command takes."""
    takes_one = error.ctx is not None and any("-i" in one.opts for one in error.ctx.command.params)
    extra = "unexpected extra argument" in error.message and re.search(r"[./]", error.message)
    return "an inventory is named with -i" if takes_one and extra else ""


class Commands(click.Group):
    """A group that knows its commands' names and imports a command when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the sections."""
        return list(_ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, if there is one of that name."""
        if (entry := _ENTRIES.get(cmd_name)) is None:
            return None
        module, _, name = entry.place.partition(":")
        command: click.Command = getattr(import_module(f"{__package__}.commands.{module}"), name)
        return with_log_options(command)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; who names the inventory without ``-i`` is told so."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if hint := _inventory_hint(error):
                raise click.UsageError(f"{error.message}; {hint}", error.ctx) from None
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes what stands before the command; ``-i`` stands behind it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name in ("-i", "--inventory"):
                raise click.UsageError(
                    f"{error.option_name} stands behind the command: cluster COMMAND -i PATH",
                    error.ctx,
                ) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections, in columns of one width."""
        widest = max(map(len, _ENTRIES))
        for title, entries in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{name:<{widest}}", entry.summary) for name, entry in entries.items()]
                )
