"""Observe a host and plan its changes, in one round trip."""

from collections.abc import Callable, Mapping

from ..resources.base import Observation, Requirement, Resource
from ..transport.base import Transport, TransportError
from . import plan
from .frames import TELL, FrameReader, observations
from .plan import HostPlan
from .script import observe_script, token
from .script_log import log_script


def run_fragments(
    host: str,
    transport: Transport,
    fragments: Mapping[str, str],
    *,
    root: bool = True,
    timeout: float | None = None,
    told: Callable[[str], None] | None = None,
) -> dict[str, Observation]:
    """Output of each fragment on the host, by its key. ``timeout`` is in seconds, for all
    together; ``told`` gets what a fragment tells while it goes on. Raises ``TransportError``."""
    marker = token()
    script = observe_script(fragments, marker)
    log_script(host, f"observe, {len(fragments)} fragments", script, fragments.items())
    watch = _watch(marker, told) if told else None
    completed = transport.run(script, root=root, timeout=timeout, on_stdout=watch)
    found = observations(completed.stdout, completed.stderr, marker)
    if missing := fragments.keys() - found.keys():
        said = completed.stderr.decode("utf-8", "replace").strip()[-500:]
        raise TransportError(
            f"{host}: observation stopped before {min(missing)}"
            f" (status {completed.status}): {said or 'no output'}"
        )
    return found


def _watch(marker: str, told: Callable[[str], None]) -> Callable[[bytes], None]:
    reader = FrameReader(marker)

    def watch(data: bytes) -> None:
        for frame in reader.feed(data):
            if frame.key == TELL:
                told(frame.output)

    return watch


def observe_and_plan(
    host: str,
    transport: Transport,
    requirements: tuple[Requirement, ...],
    resources: tuple[Resource, ...],
    extra: Mapping[str, str],
    *,
    partial: bool = False,
) -> tuple[HostPlan, dict[str, Observation]]:
    """The plan of a host, and the output of the ``extra`` fragments from the same round trip."""
    wanted = plan.fragments(requirements, resources)
    found = run_fragments(host, transport, {**wanted, **extra})
    return (
        plan.plan_host(host, requirements, resources, found, partial=partial),
        {key: found[key] for key in extra},
    )
