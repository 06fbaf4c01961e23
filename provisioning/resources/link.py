"""A symbolic link, switched in one step."""

from dataclasses import dataclass

from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.looking import headed
from provisioning.resources.record import record
from provisioning.resources.wording import call, require_line, require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A symbolic link at ``path`` to ``target``, which need not exist and may be relative.

    A file in its place is kept for ``remove`` and replaced; a folder is never.
    """

    path: str
    target: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.path)
        require_line("link target", self.target)
        if not self.target:
            raise ValueError(f"link {self.path}: has no target")

    @property
    def id(self) -> str:
        return f"link:{self.path}"

    def observe(self) -> str:
        return call("look_at_link", self.path)

    def compare(self, observation: Observation) -> Change | None:
        head, target = headed(observation)
        if head == "link" and target == self.target:
            return None
        if head == "directory":
            raise UnobservableError("there is a folder in its place; move it away")
        summary = {
            "absent": f"create, to {self.target}",
            "link": f"{target} -> {self.target}",
            "file": f"replace a file by a link to {self.target}",
        }[head]
        name = record(self.id)
        return Change(
            summary,
            apply=call("switch_link", name, self.path, self.target),
            undo=call("put_back", name, self.path),
        )

    def remove(self) -> str:
        return call("put_original", record(self.id), self.path)
