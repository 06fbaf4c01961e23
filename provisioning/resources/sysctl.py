"""A kernel parameter's present value. That it outlives a reboot is a file in /etc/sysctl.d."""

from dataclasses import dataclass

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import headed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl:
    """A parameter below /proc/sys (sysctl(8)).

    ``key`` is written with slashes (``net/ipv4/conf/eth0.100/arp_ignore``), as an interface's
    name may hold dots; one without any slash is read as ``net.ipv4.ip_forward``. A parameter
    that the kernel does not have yet counts as a change: a module of the same run may bring it.
    """

    key: str
    value: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_line("sysctl", self.key)
        require_line("sysctl value", self.value.replace("\t", " "))
        if not self.path or any(part in ("", ".", "..") for part in self.path.split("/")):
            raise ValueError(f"sysctl {self.key!r}: write it as net/ipv4/ip_forward")

    @property
    def path(self) -> str:
        """The parameter's place below /proc/sys."""
        return self.key if "/" in self.key else self.key.replace(".", "/")

    @property
    def id(self) -> str:
        return f"sysctl:{self.path}"

    def observe(self) -> str:
        return quote_call("look_at_sysctl", self.path)

    def compare(self, observation: Observation) -> Change | None:
        head, found = headed(observation)
        # The kernel separates with tabs what people separate with blanks.
        found = " ".join(found.split())
        wanted = " ".join(self.value.split())
        if head == "value" and found == wanted:
            return None
        name = backup_name(self.id)
        return Change(
            f"{found} -> {wanted}" if head == "value" else f"{wanted} (not there yet)",
            apply=quote_call("set_sysctl", name, self.path, wanted),
            undo=f"if {quote_call('previous_note', name)}; then "
            f"{quote_call('revert_sysctl', self.path)}; fi\n{quote_call('forget_if_first', name)}",
        )

    def remove(self) -> str:
        name = backup_name(self.id)
        revert = quote_call("revert_sysctl", self.path)
        return (
            f"if {quote_call('original_note', name)}; then\n{revert}\n"
            f"{quote_call('forget', name)}\nfi"
        )
