"""Prove a host well: as a director or edge, in roles that stand by themselves, and its GPUs."""

from ...rolling.errors import ActionError
from ..gpu_proof import gpu_news, gpu_trouble
from .check import gpus_before
from .phase import Context, Phase, Turn, serving, wait_until_well

_SETTLE_PATIENCE = 180.0
_ROLE_PATIENCE = 240.0
_GPU_PATIENCE = 90.0
"""Seconds; services of a host that has just started."""
STANDING = frozenset({"edges", "monitoring", "logs", "storage"})
"""Roles that are proved by what ``cluster status`` finds wrong with them."""


def _way_in(turn: Turn) -> bool:
    return bool({"directors", "edges"} & set(turn.host.roles))


def _standing(turn: Turn) -> bool:
    return bool(STANDING & set(turn.host.roles))


def _settle(context: Context) -> None:
    wait_until_well(
        context, lambda: context.cluster.director_settled(context.host), _SETTLE_PATIENCE
    )


def _prove(context: Context) -> None:
    roles = STANDING & set(context.state.roles)

    def trouble() -> str:
        try:
            return context.cluster.role_trouble(context.host, roles)
        except ActionError as error:
            return str(error)

    wait_until_well(context, trouble, _ROLE_PATIENCE)


def _gpus(context: Context) -> None:
    before, rebooted = gpus_before(context.state), "come_back" in context.state.done
    rebooted = rebooted and context.work.reboot
    wait_until_well(
        context,
        lambda: gpu_trouble(before, context.cluster.gpus(context.host), rebooted=rebooted),
        _GPU_PATIENCE,
    )
    if news := gpu_news(before, context.cluster.gpus(context.host)):
        context.report("note", news)


SETTLE = Phase(
    "settle",
    "waiting for the way in to settle",
    lambda _: "wait until one holds the VIP, and all agree",
    _settle,
    _way_in,
)
PROVE = Phase(
    "prove",
    "proving its services",
    lambda _: "wait until `cluster status` finds nothing wrong with it",
    _prove,
    _standing,
)
GPUS = Phase(
    "gpus",
    "checking its GPUs",
    lambda _: "as many GPUs as before, each to be trusted, the driver answers",
    _gpus,
    serving,
)
