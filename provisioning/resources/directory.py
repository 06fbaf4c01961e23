"""A folder with this owner and mode.

A symbolic link to a folder counts as that folder, as people move big folders to other disks this
way on purpose. Folders missing above it are made too (mode 0755, owner root).
"""

from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_account, require_mode, require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A folder; what is in it is left alone.

    ``remove`` takes it away only if it was made here and is empty; one that was there before
    gets its owner and mode back.
    """

    path: str
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.path)
        require_mode(self.mode)
        require_account("owner", self.owner)
        require_account("group", self.group)

    @property
    def id(self) -> str:
        return f"directory:{self.path}"

    def observe(self) -> str:
        return quote_call("look_at_directory", self.path)

    def compare(self, observation: Observation) -> Change | None:
        match printed(observation).strip().split(":"):
            case ["absent"]:
                return self._change("create", "make_directory")
            case ["directory", mode, owner, group]:
                said = []
                if int(mode, 8) != self.mode:
                    said.append(f"mode {int(mode, 8):04o} -> {self.mode:04o}")
                if (owner, group) != (self.owner, self.group):
                    said.append(f"owner {owner}:{group} -> {self.owner}:{self.group}")
                return self._change(", ".join(said), "change_directory") if said else None
            case _:
                raise UnobservableError(
                    "there is something in its place that is no folder (a file, or a link to "
                    "nothing); move it away"
                )

    def _change(self, summary: str, function: str) -> Change:
        name = backup_name(self.id)
        # Five digits: with four, chmod keeps a set-group-ID bit that came from the folder above.
        wanted = (self.path, f"{self.mode:05o}", self.owner, self.group)
        revert = quote_call("revert_directory", self.path)
        return Change(
            summary,
            apply=quote_call(function, name, *wanted),
            undo=f"if {quote_call('previous_note', name)}; then {revert}; fi\n"
            + quote_call("forget_if_first", name),
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        revert = quote_call("revert_directory", self.path)
        return (
            f"if {quote_call('original_note', name)}; then\n{revert}\n"
            f"{quote_call('forget', name)}\nfi"
        )
