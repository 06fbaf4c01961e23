"""Standing of the nodes of a host in a rotation of their secret. Pure."""

from collections.abc import Iterator

from ...facts.node_secrets import HostSecrets, NodeSecrets
from ...model.rotation import Phase, UnfinishedRotation

_BEFORE = (
    "does not take up a second secret while it runs: its release is older than that, or not this "
    "project's; `cluster rolling-upgrade` brings a newer one"
)
_OWN = (
    "does not accept the secret in its host's file; `cluster restart --limit {}` makes it read that"
)


def unfit(host: str, found: HostSecrets) -> list[str]:
    """Reasons for which a rotation cannot begin on a real server. One without a secret was not
    deployed to, which is seen elsewhere."""
    return list(_unfit(host, found)) if found.files else []


def lacking(rotation: UnfinishedRotation, found: HostSecrets) -> list[str]:
    """Reasons for which a real server is not in the rotation's phase yet."""
    return [
        f"{name} {reason}"
        for name, node in found.nodes.items()
        if (reason := _lacking(rotation, node))
    ]


def _unfit(host: str, found: HostSecrets) -> Iterator[str]:
    for name, node in found.nodes.items():
        if node.down:
            continue
        if node.error:
            yield f"{name} does not answer: {node.error}"
        elif not node.good:
            yield f"{name} {_OWN.format(host)}"
        elif node.count is None:
            yield f"{name} {_BEFORE}"


def _lacking(rotation: UnfinishedRotation, node: NodeSecrets) -> str:
    if node.down:
        # It reads the files when it starts.
        return ""
    if node.error:
        return f"does not answer: {node.error}"
    match rotation.phase:
        case Phase.ACCEPT:
            if not {rotation.old, rotation.new} <= node.good:
                return "does not accept both secrets yet"
        case Phase.SIGN:
            if node.signs != rotation.new:
                return "does not sign with the new secret yet"
        case _:
            if node.signs != rotation.new or node.count != 1:
                return "accepts another secret than the new one"
    return ""
