"""Files from the folder that all nodes share, or else from the node that has them."""

import contextlib

from app.session_routing.buffering import HeldAnswer
from app.session_routing.exchange import Exchange
from app.session_routing.forward import NotForwardedError


async def serve_file(exchange: Exchange) -> None:
    """Answer from this node where it has the file; else from its keeper, or from any live node
    where no keeper is known."""
    routing = exchange.routing
    held = HeldAnswer(exchange.send, hold=_absent)
    await exchange.serve(held)
    if not held.held:
        return
    keeper = routing.keeper(exchange.path)
    for name in routing.members.live:
        if name == routing.members.node or keeper not in (None, name):
            continue
        theirs = HeldAnswer(exchange.send, hold=_absent)
        with contextlib.suppress(NotForwardedError):
            await exchange.forward(name, theirs)
            if not theirs.held:
                return
    await held.release()


def _absent(status: int) -> bool:
    # 507: the folder that may have it cannot be read here.
    return status in (403, 404, 507)
