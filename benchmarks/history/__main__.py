"""The time that looks at the history of many outputs take, and the memory they need: all of them in
one folder, and in partitions.

    python -m benchmarks.history [N] [--folder FOLDER]

Makes N outputs in a temporary folder (in FOLDER, which may be on a file server) and looks at them
as a node does whose page is opened for the first time; then the same in partitions, and how many
times as long the first takes. Each line tells seconds, by how much the event loop was late at worst
meanwhile, and what was found.
"""

import argparse
import multiprocessing
import tempfile
from pathlib import Path

from benchmarks.history.measure import Figures, measure
from benchmarks.history.outputs import make
from benchmarks.numbers import at_least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outputs", type=at_least(100), nargs="?", default=10_000)
    parser.add_argument("--folder", type=Path, help="make the temporary folder here")
    options = parser.parse_args()
    found = []
    for partitioned in (False, True):
        print("in partitions:" if partitioned else "in one folder:", flush=True)
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            make(Path(folder), options.outputs, partitioned=partitioned)
            found.append(_in_a_process(Path(folder), options.outputs, partitioned))
    print("one folder to partitions:")
    for title, flat in found[0].items():
        print(f"{title:36} {flat / found[1][title]:8.2f}")


def _in_a_process(folder: Path, count: int, partitioned: bool) -> Figures:
    """The figures, from a process whose memory nothing else is in."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=measure, args=(folder, count, partitioned, there))
    process.start()
    there.close()
    try:
        found: Figures = here.recv()
    finally:
        process.join()
    return found


if __name__ == "__main__":
    main()
