"""Observe a host and plan its changes, in one round trip."""

from collections.abc import Mapping

from provisioning.engine import plan
from provisioning.engine.frames import observations
from provisioning.engine.plan import HostPlan
from provisioning.engine.script import observe_script, token
from provisioning.engine.script_log import log_script
from provisioning.resources.base import Observation, Requirement, Resource
from provisioning.transport.base import Transport, TransportError


def run_fragments(
    host: str,
    transport: Transport,
    fragments: Mapping[str, str],
    *,
    root: bool = True,
    timeout: float | None = None,
) -> dict[str, Observation]:
    """Output of each fragment on the host, by its key. ``timeout`` is in seconds, for all
    together. Raises ``TransportError``."""
    marker = token()
    script = observe_script(fragments, marker)
    log_script(host, f"observe, {len(fragments)} fragments", script, fragments.items())
    completed = transport.run(script, root=root, timeout=timeout)
    found = observations(completed.stdout, completed.stderr, marker)
    if missing := fragments.keys() - found.keys():
        said = completed.stderr.decode("utf-8", "replace").strip()[-500:]
        raise TransportError(
            f"{host}: observation stopped before {min(missing)}"
            f" (status {completed.status}): {said or 'no output'}"
        )
    return found


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
