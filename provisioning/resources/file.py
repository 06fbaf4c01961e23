"""A file with this content, owner and mode.

A path that is a symbolic link is replaced by a file: what the link led to may be shared with
something else and is never written to. The link itself is kept and put back by ``remove``. Links
among the folders above it are followed.
"""

from base64 import encodebytes
from dataclasses import dataclass
from hashlib import sha256

from .backup_name import backup_name
from .base import Change, Handler, Observation, UnobservableError
from .output import headed
from .shell_call import quote_call
from .validation import require_account, require_mode, require_path

SHOWN = 256 * 1024
"""Bytes up to which a file is fetched for a diff; a longer one is compared by its checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A regular file, replaced whole: its old or its new content is there at any moment.

    ``validate`` is a fragment run with ``$CANDIDATE``, the new file beside its target, before the
    rename; when it fails the old file stays and its output is shown. ``sensitive`` keeps the
    content out of diffs and the journal.
    """

    path: str
    content: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    validate: str | None = None
    sensitive: bool = False
    ignore_lines: str | None = None
    """Lines that hold this text do not count as a difference: they tell where a file came from."""
    triggers: tuple[Handler, ...] = ()
    returned: Handler | None = None
    """Runs when ``remove`` has put back a file that was there before: what reads it was running
    then and is left running."""

    def __post_init__(self) -> None:
        require_path(self.path)
        require_mode(self.mode)
        require_account("owner", self.owner)
        require_account("group", self.group)
        if "\0" in self.content:
            raise ValueError(f"{self.path}: holds a NUL character; no configuration file may")
        try:
            self.content.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{self.path}: character {error.start} is no valid Unicode; take it out"
            ) from None

    @property
    def id(self) -> str:
        return f"file:{self.path}"

    def observe(self) -> str:
        return quote_call("look_at_file", self.path, str(SHOWN))

    def compare(self, observation: Observation) -> Change | None:
        head, rest = headed(observation)
        match head.split(":"):
            case ["absent"]:
                return self._change("create", "")
            case ["link"]:
                summary = f"replace a link to {rest} by a file"
                return self._change(summary, "", replaces=True)
            case ["file", mode, owner, group, size]:
                return self._differences(int(mode, 8), owner, group, int(size), rest)
            case _:
                raise UnobservableError(
                    f"there is a {rest.strip() or head} in its place; move it away"
                )

    def _differences(
        self, mode: int, owner: str, group: str, size: int, rest: str
    ) -> Change | None:
        data = self.content.encode()
        shown = size <= SHOWN
        found = rest if shown else rest.split()[0]
        if shown:
            same = self._telling(found) == self._telling(self.content)
        else:
            same = found == sha256(data).hexdigest()
        said = []
        if not same:
            said.append("content" if shown else f"content ({size} -> {len(data)} bytes)")
        if mode != self.mode:
            said.append(f"mode {mode:04o} -> {self.mode:04o}")
        if (owner, group) != (self.owner, self.group):
            said.append(f"owner {owner}:{group} -> {self.owner}:{self.group}")
        if not said:
            return None
        before = None if same or not shown else rest
        return self._change(", ".join(said), before, replaces=not same)

    def _telling(self, text: str) -> list[str]:
        lines = text.splitlines(keepends=True)
        return [
            line for line in lines if self.ignore_lines is None or self.ignore_lines not in line
        ]

    def _change(self, summary: str, before: str | None, *, replaces: bool = False) -> Change:
        """``before`` is the content for the diff, or nothing where none is to be shown."""
        if len(self.content) > SHOWN:
            before = None
        return Change(
            summary,
            apply=self._apply(),
            undo=quote_call("put_back", backup_name(self.id), self.path),
            before=before or "",
            after="" if before is None else self.content,
            sensitive=self.sensitive,
            replaces=replaces,
        )

    def _apply(self) -> str:
        begin = quote_call("begin_candidate", self.path, f"{self.mode:04o}", self.owner, self.group)
        lines = [
            quote_call("keep_copy", backup_name(self.id), self.path),
            # Base64 has no line that could end the here-document, and keeps every byte.
            f"{begin} <<'BASE64'\n{encodebytes(self.content.encode()).decode()}BASE64",
        ]
        if self.validate is not None:
            lines += [
                "export CANDIDATE",
                # Not `( ... ) ||`: that would switch `set -e` off inside the check.
                f"set +e\n( set -e\n{self.validate}\n) >&2\nVALID=$?\nset -e",
                '[ "$VALID" -eq 0 ] || '
                + quote_call(
                    "fail", f"{self.path}: its check refuses the new content; the old one stays"
                ),
            ]
        lines.append(quote_call("install_candidate", self.path))
        return "\n".join(lines)

    def remove(self) -> str:
        name = backup_name(self.id)
        put = quote_call("put_original", name, self.path)
        if self.returned is None:
            return put
        # The record goes last, so that one that is cut before the handler has run runs it again.
        return (
            f"if {quote_call('had_original', name)}; then\n"
            f"{quote_call('show_original', name, self.path)}\n{self.returned.command}\nfi\n{put}"
        )
