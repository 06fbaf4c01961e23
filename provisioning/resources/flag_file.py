"""Flag file: its presence or content tells a program something at run time.

Unlike a configuration file it belongs to nobody else: there is nothing to restore.
"""

from base64 import encodebytes
from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.output import headed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_path

_SHOWN = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagFile:
    """A file that everybody may read and root writes, with this ``content``; without content it
    must be absent. Blanks around the content make no difference."""

    path: str
    content: str | None
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.path)

    @property
    def id(self) -> str:
        # The kind under which it is remembered on hosts.
        return f"mark:{self.path}"

    def observe(self) -> str:
        return quote_call("look_at_file", self.path, str(_SHOWN))

    def compare(self, observation: Observation) -> Change | None:
        head, rest = headed(observation)
        if head != "absent" and not head.startswith("file:"):
            raise UnobservableError(f"there is a {head} in its place; move it away")
        found = None if head == "absent" else rest
        if found is None and self.content is None:
            return None
        if found is not None and self.content is not None:
            if found.strip() == self.content.strip():
                return None
            return self._change("change", found)
        return self._change("take away" if self.content is None else "set", found or "")

    def _change(self, summary: str, before: str) -> Change:
        name = backup_name(self.id)
        lines = [quote_call("keep_copy", name, self.path)]
        if self.content is None:
            lines.append(quote_call("rm", "-f", "--", self.path))
        else:
            begin = quote_call("begin_candidate", self.path, "0644", "root", "root")
            content = encodebytes(self.content.encode()).decode()
            lines += [
                f"{begin} <<'BASE64'\n{content}BASE64",
                quote_call("install_candidate", self.path),
            ]
        return Change(
            summary,
            apply="\n".join(lines),
            undo=quote_call("put_back", name, self.path),
            before=before,
            after=self.content or "",
        )

    def remove(self) -> str:
        return (
            f"{quote_call('rm', '-f', '--', self.path)}\n"
            f"{quote_call('forget', backup_name(self.id))}"
        )
