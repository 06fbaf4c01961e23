"""A folder that the kernel serves over NFS now. That it does so after a reboot is a file of
exports(5) and a service."""

from dataclasses import dataclass

from .base import Change, Handler, Observation
from .output import headed
from .shell_call import quote_call
from .validation import require_line, require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class NfsExport:
    """``path`` is exported to these ``clients`` by a server with threads.

    The files that say so may be right while the kernel knows nothing of it: the table was emptied
    (``exportfs -ua``), or the threads were ended (``rpc.nfsd 0``), which no service manager sees.
    ``serve`` is a fragment that starts the server anew.
    """

    path: str
    clients: tuple[str, ...]
    serve: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_path(self.path)
        for client in self.clients:
            require_line("NFS client", client)

    @property
    def id(self) -> str:
        return f"nfs-export:{self.path}"

    def observe(self) -> str:
        return quote_call("look_at_exports")

    def compare(self, observation: Observation) -> Change | None:
        threads, table = headed(observation)
        served = {
            client.partition("(")[0]
            for path, _, client in (line.partition("\t") for line in table.splitlines())
            if path == self.path
        }
        missing = [client for client in self.clients if client not in served]
        said = [] if threads.strip() not in ("", "0") else ["serve: there are no threads"]
        said += [f"export to {', '.join(missing)}"] if missing else []
        if not said:
            return None
        # Exports of the files beside it; taking that back is taking those away.
        apply = f"export_again || {{\n{self.serve}\n}}\nexport_again"
        return Change("; ".join(said), apply=apply, undo=":")

    def remove(self) -> str:
        # A server that was there before goes on, and reads its files only when it is told to.
        return quote_call("end_export", self.path, *self.clients)
