"""The artifacts of a real server."""

import shlex

from ...resources.artifact import Artifact, Artifacts
from ...resources.base import Requirement
from ..role_host import RoleHost


def artifacts(host: RoleHost) -> tuple[Artifacts, ...]:
    """Those that the release leads to. A host that was rolled back has those of its release."""
    inventory, release = host.inventory, host.deployment.release
    if release is None or not inventory.artifacts:
        return ()
    pin = host.runtime.pins.get(host.name)
    wanted = release.artifacts if pin is None or pin.release == release.id else {}
    return (
        Artifacts(
            directory=str(inventory.app.directory),
            wanted=tuple(Artifact(name, files) for name, files in wanted.items()),
        ),
    )


def artifact_requirements(host: RoleHost) -> tuple[Requirement, ...]:
    """Room for those that are brought; those that are said to lie on nodes do."""
    room = [need for one in artifacts(host) for need in one.requirements]
    return (*room, *_on_nodes(host))


def _on_nodes(host: RoleHost) -> list[Requirement]:
    return [
        Requirement(
            f"the artifact {name} is at {artifact.on_nodes}",
            # A mount whose server is gone answers to nobody.
            f"timeout -s KILL 20 test -e {shlex.quote(str(artifact.on_nodes))} || "
            "{ echo there is nothing, or it does not answer; exit 1; }",
            f"mount or copy it there, or correct artifacts.{name}.on_nodes",
        )
        for name, artifact in host.inventory.artifacts.items()
        if artifact.on_nodes is not None
    ]
