"""Bring files to hosts: each appears there whole, or not at all.

A file is written beside its place, compared by its digest, given owner and mode, flushed to the
disk and renamed. One that is there already as wanted is left alone.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ...transport.base import StreamingTransport, Transport
from ..executing.lines import Lines
from .local_file import LocalFile

_LOOK = """\
look() {
    if [ -h "$1" ]; then echo link
    elif [ -d "$1" ]; then echo folder
    elif [ -e "$1" ]; then
        digest=$(sha256sum < "$1") || exit 1
        echo "file ${digest%% *} $(stat -c '%a %U %G %u %g' -- "$1")" || exit 1
    elif [ -d "$2" ]; then echo none
    else echo nowhere
    fi
}
"""

_PLACE = """\
umask 077
fail() { printf '%s\\n' "$1" >&2; exit 1; }
temp=$(mktemp -- "$folder/.cluster-push.XXXXXXXXXX") || exit 1
trap 'rm -f -- "$temp"' EXIT
trap 'exit 143' HUP TERM
cat > "$temp" || exit 1
found=$(sha256sum < "$temp") || exit 1
[ "${found%% *}" = "$digest" ] || fail "what came is not the file: it was cut, or changed meanwhile"
if [ -n "$owner" ]; then chown -- "$owner" "$temp" || exit 1
elif [ -f "$place" ] && [ ! -h "$place" ]; then chown --reference="$place" -- "$temp" || exit 1
fi
if [ -z "$keeps" ] || [ ! -f "$place" ] || [ -h "$place" ]; then chmod -- "$mode" "$temp" || exit 1
else chmod --reference="$place" -- "$temp" || exit 1
fi
sync -- "$temp" || exit 1
mv -fT -- "$temp" "$place" || exit 1
sync -- "$folder" 2>/dev/null
exit 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Files, and the places that they come to."""

    files: Mapping[PurePosixPath, LocalFile]
    root: bool = False
    owner: str = ""
    """``USER`` or ``USER:GROUP``; without, that of the file before, or of who logs in."""
    mode: str = ""
    """Octal; without, that of the file before, or of the local one."""
    check: bool = False
    """Only look."""
    timeout: float | None = None
    """Seconds that each file may take on a host."""
    sent: Callable[[int], None] = field(default=lambda number: None)
    """Told the bytes that are on their way or need not go, from several threads."""

    def on_host(self, _: str, transport: Transport) -> "Pushed":
        """Bring them to one host. Raises ``TransportError``."""
        assert isinstance(transport, StreamingTransport)
        looked = transport.run(self._look_script(), root=self.root, timeout=self.timeout)
        answers = looked.stdout.decode("utf-8", "replace").splitlines()
        if looked.status or len(answers) != len(self.files):
            said = " / ".join(looked.stderr.decode("utf-8", "replace").split("\n")).strip(" /")
            return Pushed({}, said or f"the look at it ended with status {looked.status}")
        done: dict[str, str] = {}
        for (place, file), answer in zip(self.files.items(), answers, strict=True):
            kind, *found = answer.split(" ")
            if problem := _PROBLEMS.get(kind):
                return Pushed(done, problem.format(place=place, folder=place.parent))
            if kind == "file" and self._is_wanted(file, found):
                done[str(place)] = "unchanged"
                self.sent(file.size)
                continue
            if not self.check and (problem := self._place(transport, place, file)):
                return Pushed(done, f"{place}: {problem}")
            done[str(place)] = "would change" if self.check else "changed"
        return Pushed(done)

    def _look_script(self) -> str:
        looks = [shlex.join(["look", str(at), str(at.parent)]) for at in self.files]
        return _LOOK + "\n".join(looks) + "\n"

    def _is_wanted(self, file: LocalFile, found: list[str]) -> bool:
        digest, mode, user, group, user_id, group_id = found
        owners = {user, user_id}
        if ":" in self.owner:
            owners = {f"{u}:{g}" for u in (user, user_id) for g in (group, group_id)}
        owned = not self.owner or self.owner in owners
        return digest == file.digest and owned and int(self.mode or mode, 8) == int(mode, 8)

    def _place(self, transport: StreamingTransport, place: PurePosixPath, file: LocalFile) -> str:
        """Bring one file; say why, where that fails."""
        settings = {
            "place": str(place),
            "folder": str(place.parent),
            "digest": file.digest,
            "owner": self.owner,
            "mode": self.mode or f"{file.mode:o}",
            "keeps": "" if self.mode else "yes",
        }
        words = "".join(f"{key}={shlex.quote(value)}\n" for key, value in settings.items())
        lines, said = Lines(), []
        status = transport.stream(
            words + _PLACE,
            root=self.root,
            timeout=self.timeout,
            given=file.pieces(self.sent),
            on_stdout=lambda _: None,
            on_stderr=lambda piece: said.extend(lines.feed(piece)),
        )
        said += lines.end()
        return (" / ".join(said)[-500:] or f"status {status}") if status else ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The outcome on a host."""

    files: Mapping[str, str]
    """``changed``, ``unchanged`` or ``would change``, by place."""
    problem: str = ""
    """Why the rest is not there."""


_PROBLEMS = {
    "folder": "{place} is a folder there; to put files into it write {place}/",
    "nowhere": "there is no folder {folder} there; make it first (`cluster exec`)",
}
