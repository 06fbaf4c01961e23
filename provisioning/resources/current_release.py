"""The release that runs: a link, switched in one step, and another that says how to go back."""

from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.output import headed
from provisioning.resources.release import require_release
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRelease:
    """``directory``/current leads to ``releases/name`` and ``directory``/previous to what it led
    to before. A release that is not there whole is never switched to."""

    directory: str
    name: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.directory)
        require_release(self.name)

    @property
    def id(self) -> str:
        # As a plain link's: hosts that were deployed to when it was one go on from there.
        return f"link:{self.directory}/current"

    @property
    def _records(self) -> tuple[str, str]:
        return backup_name(self.id), backup_name(f"link:{self.directory}/previous")

    def observe(self) -> str:
        return quote_call("look_at_link", f"{self.directory}/current")

    def compare(self, observation: Observation) -> Change | None:
        head, target = headed(observation)
        wanted = f"releases/{self.name}"
        if head == "link" and target == wanted:
            return None
        if head in ("directory", "file"):
            raise UnobservableError(f"there is a {head} in its place; move it away")
        current, previous = self._records
        return Change(
            f"{target} -> {wanted}" if head == "link" else f"create, to {wanted}",
            apply=quote_call("switch_release", current, previous, self.directory, self.name),
            undo=self._each("put_back"),
        )

    def remove(self) -> str:
        return self._each("put_original")

    def _each(self, function: str) -> str:
        current, previous = self._records
        return "\n".join(
            (
                quote_call(function, current, f"{self.directory}/current"),
                quote_call(function, previous, f"{self.directory}/previous"),
            )
        )
