"""A folder in which a program of ours keeps what it may lose when it is taken off the host."""

from .backup_name import backup_name
from .directory import Directory
from .shell_call import quote_call


class SpoolFolder(Directory):
    """As ``Directory``; ``remove`` empties it first, where it was made here."""

    __slots__ = ()

    def remove(self) -> str:
        empty = f'case $NOTE in "absent "*) {quote_call("rm", "-rf", "--", self.path)} ;; esac'
        taken = f"if {quote_call('original_note', backup_name(self.id))}; then\n{empty}\nfi\n"
        return taken + Directory.remove(self)
