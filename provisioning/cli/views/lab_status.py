"""A lab and its machines, as they are."""

from rich.console import Console
from rich.table import Table

from ...lab.status import Condition, LabStatus


def show_lab(seen: LabStatus) -> None:
    """Print its machines, cuts, and ways in."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("machine", "role", "system", "state", "address", "ssh port", "MiB"):
        table.add_column(heading, no_wrap=True)
    for node in seen.nodes:
        ssh = f"{node.ssh_port} {'answers' if node.ssh_answers else 'silent'}"
        table.add_row(
            node.name,
            node.role,
            f"Debian {node.debian}" if node.debian else node.kernel,
            _coloured(node.condition.value, node.condition is Condition.UP),
            node.address,
            _coloured(ssh, node.ssh_answers),
            f"{node.memory_used} of {node.memory}" if node.memory else str(node.memory_used),
        )
    console.print(table)
    for cut in dict.fromkeys(cut for node in seen.nodes for cut in node.cuts):
        console.print(f"[red]cut: {cut}[/red]")
    console.print(f"directors: {seen.directors}", soft_wrap=True)
    way = f"pid {seen.forwarder_pid}" if seen.forwarder_pid else "ended: run cluster lab start"
    console.print(f"way into the lab: {_coloured(way, seen.forwarder_pid is not None)}")
    console.print(f"app on the VIP {seen.vip}: {seen.url}")
    console.print(f"inventory: {seen.inventory}", soft_wrap=True)


def _coloured(text: str, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"
