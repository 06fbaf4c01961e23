"""Reboot a host, and wait until it is back: in another boot, by the key that is known here."""

from ...rolling.errors import ActionError, PhaseError
from ..ports import HostIdentityError
from .check import BOOT
from .phase import Context, Phase, Turn, UnknownEndError

_LOOK_EVERY = 2.0


def _applies(turn: Turn) -> bool:
    return turn.work.reboot


def _describe(_: Turn) -> str:
    return "order the reboot"


def _run(context: Context) -> None:
    before = context.state.notes.get(BOOT, "")
    try:
        now = context.cluster.boot_id(context.host)
    except HostIdentityError:
        raise
    except ActionError:
        # Ordered by a run that was cut; the next phase waits for it.
        return
    if now == before:
        context.cluster.reboot(context.host)


def _describe_back(turn: Turn) -> str:
    return f"wait at most {turn.options.reboot_timeout:g} s until it is in another boot"


def _come_back(context: Context) -> None:
    end = context.clock.now() + context.options.reboot_timeout
    # One that is put back after a failure before its reboot need not be in another boot.
    ordered = "reboot" in context.state.done
    boot = context.state.notes.get(BOOT, "") if ordered else ""
    while True:
        try:
            away = context.cluster.not_back(context.host, boot)
        except HostIdentityError as error:
            raise UnknownEndError(str(error)) from None
        if not away:
            return
        if context.clock.now() >= end:
            raise PhaseError(f"not back within {context.options.reboot_timeout:g} s: {away}")
        context.report("waiting", away)
        context.clock.sleep(_LOOK_EVERY)


REBOOT = Phase("reboot", "rebooting", _describe, _run, _applies)
COME_BACK = Phase("come_back", "waiting for it to come back", _describe_back, _come_back, _applies)
