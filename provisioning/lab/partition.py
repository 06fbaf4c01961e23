"""Cuts in the LAN, as a rule set for the switch (nft(8), family bridge). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .topology import Node

_TABLE = "table bridge cuts"


@dataclass(frozen=True)
class Cut:
    """No frame passes between ``one`` and ``other``; without ``other``, between it and all.

    The control machine still reaches a cut machine, as through a management network, unless
    ``control`` says that this is cut as well.
    """

    one: str
    other: str | None = None
    control: bool = False

    def __str__(self) -> str:
        text = f"{self.one} from {self.other or 'every machine'}"
        return f"{text}, control too" if self.control else text


def ruleset(cuts: Iterable[Cut]) -> str:
    """Rules that make exactly these cuts, replacing all others at once.

    A machine's port of the switch is named like the machine. Matching on ports catches frames
    from any MAC address, also a VRRP virtual one.
    """
    cuts = tuple(cuts)
    forward = [rule for cut in cuts for rule in _between_machines(cut)]
    inward = [f'iifname "{cut.one}" drop' for cut in cuts if cut.control]
    outward = [f'oifname "{cut.one}" drop' for cut in cuts if cut.control]
    chains = (("forward", forward), ("input", inward), ("output", outward))
    body = "\n".join(line for hook, rules in chains for line in _chain(hook, rules))
    return f"{_TABLE}\ndelete {_TABLE}\n{_TABLE} {{\n{body}\n}}\n"


def cuts_of(node: Node, cuts: Iterable[Cut]) -> list[Cut]:
    """The cuts that a machine is party to."""
    return [cut for cut in cuts if node.name in (cut.one, cut.other)]


def _between_machines(cut: Cut) -> Iterator[str]:
    if cut.other is None:
        yield f'iifname "{cut.one}" drop'
        yield f'oifname "{cut.one}" drop'
    else:
        yield f'iifname "{cut.one}" oifname "{cut.other}" drop'
        yield f'iifname "{cut.other}" oifname "{cut.one}" drop'


def _chain(hook: str, rules: list[str]) -> Iterator[str]:
    yield f"  chain {hook} {{"
    yield f"    type filter hook {hook} priority 0; policy accept;"
    yield from (f"    {rule}" for rule in rules)
    yield "  }"
