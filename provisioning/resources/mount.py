"""A mounted file system that comes back at boot: its line in fstab, and the mount itself."""

from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.fstab import Entry, entries, escape
from provisioning.resources.output import printed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_line, require_path

_MOUNTS = "\nmounts:\n"
"""Separates fstab from /proc/self/mounts in what is observed."""
_OPPOSITES = (("rw", "ro"), ("ro", "rw"), ("hard", "soft"), ("soft", "hard"))
"""An option, and what the kernel lists where it does not hold."""
_FLAGS = ("noatime", "nodiratime", "nodev", "noexec", "nosuid", "sync")
"""Options that the kernel lists whenever they hold (proc(5), /proc/self/mountinfo)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """``source`` mounted on ``target`` with these options, now and at boot.

    Only the line of this mount point is changed in fstab. What is mounted is compared by source,
    type and those options that the kernel lists as they were given (``rw``, ``noatime``,
    ``hard``, ...), the others by those in fstab, as the kernel lists its own on top. Where the
    options alone are wrong now, it is remounted in place, or where the file system does not take
    that, as for another source: unmounted and mounted again, never lazily. A mount in use is then
    an error that says so.

    A missing mount point is made (mode 0755, owner root), and taken away again by ``remove``.

    ``remove`` unmounts it and puts the earlier line, and the earlier mount, back.
    """

    source: str
    target: str
    fstype: str
    options: tuple[str, ...] = ("defaults",)
    fstab: str = "/etc/fstab"
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.target)
        require_path(self.fstab)
        for what, text in (("source", self.source), ("type", self.fstype)):
            require_line(f"mount {what}", text)
            if not text:
                raise ValueError(f"mount {self.target}: has no {what}")
        for option in self.options:
            require_line("mount option", option)
            if not option or "," in option:
                raise ValueError(f"mount option {option!r}: give each by itself")

    @property
    def id(self) -> str:
        return f"mount:{self.target}"

    @property
    def _entry(self) -> Entry:
        return Entry(self.source, self.target, self.fstype, self.options)

    def observe(self) -> str:
        return quote_call("look_at_mounts", self.fstab)

    def compare(self, observation: Observation) -> Change | None:
        at_boot, _, now = printed(observation).rpartition(_MOUNTS)
        lines = [entry for entry in entries(at_boot) if entry.target == self.target]
        mounts = [entry for entry in entries(now) if entry.target == self.target]
        if len(lines) > 1:
            raise UnobservableError(
                f"{self.fstab} has {len(lines)} lines for {self.target}; leave one"
            )
        line = lines[0] if lines else None
        line_right = line is not None and line.same_as(self._entry)
        # The last one hides the others.
        mount_right = bool(mounts) and self._is_ours(mounts[-1])
        drift = self._drift(mounts[-1].options) if mount_right else []
        if line_right and mount_right:
            return self._remount(drift) if drift else None
        said = [] if line_right else ["fstab: " + ("change its line" if line else "add its line")]
        if not mounts:
            said.append(f"mount {self.source}")
        else:
            said.append(f"mount {self.source} again (was {mounts[-1].source})")
        name = backup_name(self.id)
        return Change(
            "; ".join(said),
            apply=quote_call(
                "set_mount",
                name,
                self._folder,
                self.fstab,
                escape(self.target),
                self.target,
                str(self._entry),
                line.line if line else "",
            ),
            undo=f"{self._revert('previous_note')}\n{quote_call('forget_if_first', name)}\n"
            f"if {quote_call('is_first', self._folder)}; then {self._drop_folder()}; fi",
            before=f"{line.line}\n" if line and not line_right else "",
            after="" if line_right else f"{self._entry}\n",
            # Files of it that are open now would be errors.
            disturbs=bool(mounts),
        )

    def _is_ours(self, mount: Entry) -> bool:
        if "bind" in self.options or "rbind" in self.options:
            return True  # The kernel names the file system behind it, not the folder.
        # An NFS mount is listed by its version: nfs4 for nfs.
        kinds = {self.fstype, mount.fstype}
        same_kind = len(kinds) == 1 or kinds == {"nfs", "nfs4"}
        return same_kind and mount.source.rstrip("/") == self.source.rstrip("/")

    def _drift(self, now: tuple[str, ...]) -> list[str]:
        """Options that are not as wanted now, in words."""
        wanted = {*self.options, "ro" if "ro" in self.options else "rw"}
        found = [
            f"{opposite} -> {option}"
            for option, opposite in _OPPOSITES
            if option in wanted and opposite in now
        ]
        return found + [f"add {option}" for option in _FLAGS if option in wanted - set(now)]

    def _remount(self, drift: list[str]) -> Change:
        options = ",".join(["remount", *([] if "ro" in self.options else ["rw"]), *self.options])
        apply = quote_call("remount", self.fstab, escape(self.target), self.target, options)
        # What is right again needs not be made wrong again.
        return Change(f"remount: {', '.join(drift)}", apply=apply, undo=":")

    @property
    def _folder(self) -> str:
        return backup_name(f"mount-point:{self.target}")

    def _revert(self, note: str) -> str:
        revert = quote_call("revert_mount", self.fstab, escape(self.target), self.target)
        return f"if {quote_call(note, backup_name(self.id))}; then {revert}; fi"

    def _drop_folder(self) -> str:
        return quote_call("drop_mount_point", self._folder, self.target)

    def remove(self) -> str:
        forget = quote_call("forget", backup_name(self.id))
        return f"{self._revert('original_note')}\n{forget}\n{self._drop_folder()}"
