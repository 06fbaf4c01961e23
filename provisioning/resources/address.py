"""An IP address on an interface, now. That it outlives a reboot is a service or a script."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from provisioning.resources.backup_name import backup_name
from provisioning.resources.base import Change, Handler, Observation, UnobservableError
from provisioning.resources.output import headed
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``address`` with its prefix length, such as ``192.0.2.100/32``, on ``interface``.

    The same address with another prefix length is replaced: a VIP bound as /24 on ``lo`` makes
    a host think that the whole network is itself. IPv6 is bound without duplicate address
    detection, as with direct routing the VIP is on several hosts on purpose.
    """

    address: str
    interface: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_line("interface", self.interface)
        if not self.interface or "/" in self.interface or " " in self.interface:
            raise ValueError(f"interface {self.interface!r}: no such name is possible")
        if "/" not in self.address:
            raise ValueError(f"address {self.address!r}: give its prefix length, such as /32")
        ip_interface(self.address)

    @property
    def normal(self) -> str:
        """The address as iproute2 prints it."""
        return ip_interface(self.address).with_prefixlen

    @property
    def id(self) -> str:
        return f"address:{self.normal}@{self.interface}"

    def observe(self) -> str:
        return quote_call("look_at_address", self.interface)

    def compare(self, observation: Observation) -> Change | None:
        head, listed = headed(observation)
        if head == "missing":
            raise UnobservableError(
                f"there is no interface {self.interface} here, only {', '.join(listed.split())}; "
                "name the right one in the inventory"
            )
        ours = ip_interface(self.address).ip
        found = [item.with_prefixlen for item in _addresses(listed) if item.ip == ours]
        if found == [self.normal]:
            return None
        others = [address for address in found if address != self.normal]
        name = backup_name(self.id)
        before = " ".join(found) or "absent"
        return Change(
            f"{', '.join(others)} -> {self.normal}" if others else f"bind to {self.interface}",
            apply=quote_call("set_address", name, before, self.normal, self.interface, *others),
            undo=f"if {quote_call('previous_note', name)}; then {self._revert()}; fi\n"
            + quote_call("forget_if_first", name),
            disturbs=bool(others),
        )

    def _revert(self) -> str:
        return quote_call("revert_address", self.normal, self.interface)

    def remove(self) -> str:
        name = backup_name(self.id)
        forget = quote_call("forget", name)
        return f"if {quote_call('original_note', name)}; then\n{self._revert()}\n{forget}\nfi"


def _addresses(listed: str) -> Iterator[IPv4Interface | IPv6Interface]:
    """The addresses in what ``ip -o address show`` printed."""
    for line in listed.splitlines():
        words = line.split()
        # "1: lo    inet 127.0.0.1/8 scope host lo ..."; a point-to-point one has "peer" third.
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            yield ip_interface(words[3])
