"""Many hosts at once, by `cluster`, pyinfra and Ansible in one run.

    python -m benchmarks.fleet [--hosts N ...] [--forks N] [--repeats N] [--contenders NAME ...]

Hosts are real sshd on loopback (as root), each in a mount namespace with files of its own. The work
is two folders and twenty files; the second deploy changes nothing, and is what counts. All use
`--forks` hosts at a time and start anew each time, logins included. Hosts and control machine share
processors here: processor and memory are those of the control machine's processes alone
(Ansible's SSH connections that outlive it are not counted), and the wall clock is both.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.fleet import hosts, measuring
from benchmarks.fleet.contenders import CONTENDERS, Contender, peers
from benchmarks.fleet.measuring import Cost
from benchmarks.numbers import at_least

_NAMES = [contender.title for contender in CONTENDERS]


def main() -> None:
    """Print costs, and their ratios to those of `cluster`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=at_least(1), nargs="+", default=(30, 100, 300))
    parser.add_argument("--forks", type=at_least(1), default=50, help="hosts at a time")
    parser.add_argument("--repeats", type=at_least(1), default=3, help="of each; the median counts")
    parser.add_argument("--contenders", nargs="+", choices=_NAMES, default=_NAMES)
    options = parser.parse_args()
    if os.geteuid() != 0 or hosts.missing():
        sys.exit(" ".join(["needs root, and", *(hosts.missing() or ["sshd"])]))
    if options.contenders != ["cluster"]:
        peers()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="fleet-") as folder,
        hosts.running(Path(folder), max(options.hosts)) as there,
    ):
        for count in options.hosts:
            _compare(there.first(count), options, Path(folder))


def _compare(there: hosts.Hosts, options: argparse.Namespace, folder: Path) -> None:
    count = len(there.ports)
    print(f"\n{count} hosts, {options.forks} at a time, median of {options.repeats}")
    print(f"{'':28}{'wall s':>9}{'CPU s':>9}{'MiB':>8}  ratios to cluster", flush=True)
    first: dict[str, Cost] = {}
    for kind in CONTENDERS:
        if kind.title not in options.contenders:
            continue
        contender = kind(there, options.forks, folder / f"{kind.title}-{count}")
        for what, cost in _measured(contender, options.repeats, count).items():
            first.setdefault(what, cost)
            print(_row(f"{what}, {kind.title}", cost, first[what]), flush=True)


def _measured(contender: Contender, repeats: int, count: int) -> dict[str, Cost]:
    try:
        # Whoever was here before, files may be there already: this is not measured.
        measuring.run(contender.deploy(), contender.environment)
        _, said = measuring.run(contender.deploy(), contender.environment)
        # As cluster and Ansible say it.
        if re.search(r"\bchanged=[1-9]", said):
            sys.exit(f"{contender.title} changes what it has just made:\n{said[-4000:]}")
        return {
            "no-change deploy": _median(contender.deploy(), contender, repeats),
            "exec true": _median(contender.exec(), contender, repeats),
        }
    except measuring.FailedError as error:
        sys.exit(f"{contender.title} at {count} hosts: {error}")


def _median(argv: list[str], contender: Contender, repeats: int) -> Cost:
    found = [measuring.run(argv, contender.environment)[0] for _ in range(repeats)]
    return Cost(
        statistics.median(one.wall for one in found),
        statistics.median(one.processor for one in found),
        statistics.median(one.memory for one in found),
    )


def _row(title: str, cost: Cost, ours: Cost) -> str:
    pairs = zip(_values(cost), _values(ours), strict=True)
    ratios = "  ".join(f"{one / other:.1f}" if other else "-" for one, other in pairs)
    return f"{title:28}{cost.wall:9.2f}{cost.processor:9.2f}{cost.memory:8.0f}  {ratios}"


def _values(cost: Cost) -> tuple[float, float, float]:
    return cost.wall, cost.processor, cost.memory


if __name__ == "__main__":
    main()
