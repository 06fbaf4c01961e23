"""Files with the secret by which the nodes of a cluster know each other."""

from ..model.secrets.shared_secret import SharedSecret
from ..places import ACCEPTED_SECRETS_FILE, SECRET_FILE
from ..resources.base import Handler
from ..resources.file import File


def secret_files(
    secret: SharedSecret | None,
    *,
    mode: int = 0o600,
    group: str = "root",
    again: tuple[Handler, ...] = (),
) -> list[File]:
    """The secret and, before it, those that are good besides; none without a secret. What others
    sign with is accepted before anything here signs with it."""
    if secret is None:
        return []
    accepted = "".join(f"{one}\n" for one in secret.accepted)

    def file(path: str, content: str, triggers: tuple[Handler, ...]) -> File:
        return File(
            path=path, content=content, mode=mode, group=group, sensitive=True, triggers=triggers
        )

    return [
        # Read again when it changes: a node takes it up by itself.
        file(ACCEPTED_SECRETS_FILE, accepted, ()),
        file(SECRET_FILE, f"{secret.value}\n", again),
    ]
