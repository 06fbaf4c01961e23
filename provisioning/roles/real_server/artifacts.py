"""The artifacts of a real server."""

import shlex

from ...model.derived.engine_needs import artifacts_of, needed_files
from ...resources.artifact import Artifact, Artifacts
from ...resources.base import Requirement
from ..role_host import RoleHost


def artifacts(host: RoleHost) -> tuple[Artifacts, ...]:
    """Those that the release leads to. A host that was rolled back has those of its release."""
    inventory, release = host.inventory, host.deployment.release
    if release is None or not artifacts_of(inventory):
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
    own, needed = host.inventory.artifacts, needed_files(host.inventory)
    return [
        Requirement(
            f"the artifact {name} is at {artifact.on_nodes}",
            _is_there(str(artifact.on_nodes), needed.get(name, [])),
            f"mount or copy it there whole, or correct on_nodes in "
            f"{f'artifacts.{name}' if name in own else 'app.engine'}",
        )
        for name, artifact in artifacts_of(host.inventory).items()
        if artifact.on_nodes is not None
    ]


def _is_there(path: str, files: list[str]) -> str:
    """Shell that fails unless the path is there, and these files in it."""
    # A mount whose server is gone answers to nobody.
    look = (
        f"timeout -s KILL 20 test -e {shlex.quote(path)} || "
        "{ echo there is nothing, or it does not answer; exit 1; }"
    )
    places = " ".join(shlex.quote(f"{path}/{file}") for file in files)
    if not places:
        return look
    each = '[ -e "$file" ] || { echo "there is no $file"; exit 1; }'
    return f"{look}\nfor file in {places}; do\n    {each}\ndone"
