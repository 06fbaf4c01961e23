"""The time that looks at the history of a large folder take, and the memory they need.

    python -m benchmarks.history [N] [--folder FOLDER]

Makes N outputs in a temporary folder (in FOLDER, which may be on a file server) and looks at them
as a node does whose page is opened for the first time. Each line tells seconds, by how much the
event loop was late at worst meanwhile, and what was found.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from app.host.heap import keep_freed_memory
from app.outputs.store import OutputStore
from benchmarks.history.looks import Looks, resident
from benchmarks.history.outputs import make, put
from benchmarks.numbers import at_least

_VIEWERS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outputs", type=at_least(100), nargs="?", default=10_000)
    parser.add_argument("--folder", type=Path, help="make the temporary folder here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make(Path(folder), options.outputs)
        keep_freed_memory()
        asyncio.run(_measure(Path(folder), options.outputs))


async def _measure(folder: Path, count: int) -> None:
    began = resident()
    store = OutputStore(folder, "rs1")
    looks = Looks(store)
    await looks.show("first look")
    await looks.show("next look")
    await looks.show("search for what is old", f"n{count // 20}x")
    await looks.show("search for nothing", "nowhere")
    await looks.show("until it has got to the end", "nowhere", to_the_end=True)
    await looks.show("search for nothing again", "nowhere")
    await looks.show("search for what is old again", f"n{count // 20}x")
    put(folder, count)
    await looks.show("look after a speech")
    await looks.show(f"{_VIEWERS} viewers at once", viewers=_VIEWERS)
    put(folder, count + 1)
    await looks.show(f"{_VIEWERS} viewers at once after a speech", viewers=_VIEWERS)
    await looks.show(f"{_VIEWERS} searches at once", "n{}x", viewers=_VIEWERS)
    print(f"memory: {resident() - began:+.0f} MB; storage trouble: {store.trouble or 'none'}")
    store.close()


if __name__ == "__main__":
    main()
