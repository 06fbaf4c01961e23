"""A version of the app, unpacked beside the others; ``CurrentRelease`` chooses one."""

import re
from base64 import encodebytes
from dataclasses import dataclass, field

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.environment import Environment
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_line, require_path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


def require_release(name: str) -> None:
    """Raises ``ValueError`` unless ``name`` can be a release's, which is a folder's."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"release {name!r}: use letters, digits and . _ + -")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """``directory``/releases/``name`` holds what is in ``archive``, a .tar.gz, byte-compiled by
    ``python``. The name stands for the content: the same one is never unpacked twice. Without
    ``archive`` it has to be there already.

    It is unpacked beside its place and renamed, so it is there whole or not at all. With an
    ``environment`` that is then built in it, for paths in an environment are absolute; until that
    is done the release counts as not there. ``about`` is one line that is kept with it.

    Once all changes of a run are made the oldest beyond ``keep`` are deleted, except the one that
    ``directory``/current leads to and the one that ``directory``/previous does.

    ``remove`` deletes all releases that were unpacked here, and the packages kept for them.
    """

    directory: str
    name: str
    archive: bytes | None = field(repr=False)
    keep: int
    python: str
    about: str = ""
    environment: Environment | None = None

    def __post_init__(self) -> None:
        require_path(self.directory)
        require_path(self.python)
        require_release(self.name)
        require_line("what is kept with a release", self.about)
        if self.keep < 1:
            raise ValueError(f"release {self.name}: keep at least 1, not {self.keep}")

    @property
    def id(self) -> str:
        # Not by name: a release that is followed by another must not be removed at once.
        return f"release:{self.directory}"

    @property
    def triggers(self) -> tuple[Handler, ...]:
        """Deletes old releases, once all changes of the run were made."""
        prune = quote_call("prune_releases", self.directory, str(self.keep))
        return (Handler(f"prune {self.directory}/releases", prune, disturbs=False),)

    def observe(self) -> str:
        return quote_call("look_at_release", self.directory, self.name)

    def compare(self, observation: Observation) -> Change | None:
        state = printed(observation).strip()
        if state == "complete":
            return None
        if state == "foreign":
            raise UnobservableError(
                f"{self.directory}/releases/{self.name} was not unpacked here; move it away"
            )
        if self.archive is None:
            raise UnobservableError(
                f"{self.directory}/releases/{self.name} is not there any more, and this node was "
                "to stay with it; `cluster rollback --lift` lets it go forward"
            )
        name = backup_name(self.id)
        unpack = quote_call(
            "unpack_release", name, self.directory, self.name, self.python, self.about
        )
        build = self.environment.recipe() if self.environment else quote_call("without_environment")
        revert = quote_call("drop_release", self.directory, self.name)
        summary = f"unpack {self.name} ({len(self.archive)} bytes)"
        if self.environment:
            summary += f" and build its environment ({self.environment.summary})"
        return Change(
            summary,
            apply=f"{build}\n{unpack} <<'BASE64'\n{encodebytes(self.archive).decode()}BASE64",
            undo=f"if {quote_call('previous_note', name)}; then {revert}; fi\n"
            + quote_call("forget_if_first", name),
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        drop, forget = quote_call("drop_releases", self.directory), quote_call("forget", name)
        return f"if {quote_call('original_note', name)}; then\n{drop}\n{forget}\nfi"
