"""Lines above and below the tables of ``cluster status``."""

from rich.text import Text

from ...model.host_ranges.folded import folded
from ...model.inventory import Inventory
from ...operations.cluster_state.state import ClusterState
from ...operations.faults.fault import Fault
from ...operations.planning import own_words
from .folding import alike, folds, title, without_names


def counts(inventory: Inventory, state: ClusterState, faults: list[Fault]) -> list[Text]:
    """The summary in front of many hosts."""
    nodes = {name for name in inventory.real_servers.hosts if name not in state.left_out}
    if not folds(len(nodes)):
        return []
    wrong = {fault.host for fault in faults} & nodes
    gone = [name for name in nodes if name not in state.real_servers]
    parts = [f"{len(nodes)} real servers: {len(nodes) - len(wrong | {*gone})} well"]
    for word, names in (
        ("wrong", wrong - {*gone}),
        ("unreachable", gone),
        ("drained", [name for name in nodes if name in state.runtime.drains]),
    ):
        if names:
            parts.append(f"{len(names)} {word} ({folded(names)})")
    return [Text(", ".join(parts), "bold"), Text()]


def run_lines(state: ClusterState) -> list[Text]:
    """The run that changes the cluster now, and what was begun and is unfinished."""
    lines = [Text(f"under way: {state.run}", "yellow")] if state.run else []
    begun = {"rolling-upgrade": state.upgrade, "maintain": state.maintenance}
    for command, unfinished in begun.items():
        if unfinished:
            on = "" if state.run else f"; `cluster {command} --resume` continues it"
            lines.append(Text(f"{unfinished}{on}", "yellow"))
    if state.rotation:
        on = "" if state.run else "; `cluster rotate secret` continues it"
        lines.append(Text(f"{state.rotation}{on}", "yellow"))
    return lines


def drain_lines(state: ClusterState) -> list[Text]:
    """Real servers that are drained, and by whom."""
    said = {name: str(drain) for name, drain in state.runtime.drains.items()}
    groups = alike(said, fold=folds(len(said)))
    return [Text(f"{title(names)}: {said[names[0]]}", "yellow") for names in groups]


def all_faults(faults: list[Fault], inventory: Inventory) -> list[Text]:
    """As ``fault_lines``, with faults that many hosts have as one."""
    if not folds(len(faults)):
        return fault_lines(faults)
    owners = {str(number): fault for number, fault in enumerate(faults)}
    said = {
        number: without_names(f"{one.text}\n{one.fix}", own_words(inventory, one.host))
        if one.host
        else number
        for number, one in owners.items()
    }
    lines: list[Text] = []
    for numbers in alike(said, fold=True):
        first, *others = (owners[number] for number in numbers)
        if others:
            hosts = title([first.host, *(one.host for one in others)])
            lines.append(Text(f"{hosts}: {first.text} (as {first.host} has it)", "bold red"))
            lines.append(Text(f"    fix: {first.fix} (and so for each)", "dim"))
        else:
            lines += fault_lines([first])
    return lines


def fault_lines(faults: list[Fault]) -> list[Text]:
    """Faults, each with its fix."""
    if not faults:
        return [Text("All well.", "bold green")]
    lines = []
    for fault in faults:
        lines.append(Text(str(fault), "bold red"))
        lines.append(Text(f"    fix: {fault.fix}", "dim"))
    return lines
