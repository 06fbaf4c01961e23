"""Hand VIPs over before a director or an edge is touched."""

from ...rolling.errors import PhaseError
from .phase import Context, Phase, Turn

_LOOK_EVERY = 1.0


def _applies(turn: Turn) -> bool:
    return bool({"directors", "edges"} & set(turn.host.roles))


def _describe(turn: Turn) -> str:
    text = "move the VIPs away if it holds them"
    if "edges" in turn.host.roles:
        text += f", and wait at most {turn.options.drain_timeout:g} s for its open connections"
    return text


def _run(context: Context) -> None:
    if "directors" in context.state.roles:
        faults = context.cluster.look().faults
        if faults and not context.options.force:
            raise PhaseError("not now: " + "; ".join(faults))
        _tell(context, context.cluster.hand_over(context.host))
    if "edges" in context.state.roles:
        moved = context.cluster.leave_edge(context.host)
        _tell(context, moved)
        if context.host not in context.cluster.holders():
            _await_connections(context)


def _tell(context: Context, to: str | None) -> None:
    if to:
        context.report("note", f"the VIPs went to {to}")


def _await_connections(context: Context) -> None:
    end = context.clock.now() + context.options.drain_timeout
    late = False
    while left := context.cluster.open_connections(context.host):
        context.report("waiting", f"{left} open connections left", {"connections": left})
        if not late and context.clock.now() >= end:
            late = True
            said = f"{left} connections open after {context.options.drain_timeout:g} s"
            if context.options.on_deadline == "stop":
                raise PhaseError(
                    f"{said}, open pages among them; --on-deadline kill ends them, wait waits on"
                )
            context.report("note", said)
            if context.options.on_deadline == "kill":
                return
        context.clock.sleep(_LOOK_EVERY)


HAND_OVER = Phase("hand_over", "handing the VIPs over", _describe, _run, _applies)
