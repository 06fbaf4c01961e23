"""Many clients at once, of readiness, page and speech: what they get, and what it takes of a node.

    python -m benchmarks.crowd [--clients N ...] [--seconds S] [--engine NAME]

Each client has a kept connection and asks again as soon as it has its answer; the page is asked for
as browsers do, packed. The line for speech has 32 places, so most of a crowd is refused. Memory and
descriptors are the web process's, after each row. Clients and node share this machine.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks.full_line.clients import SPEECH, ask_for
from benchmarks.node.running import node
from benchmarks.numbers import at_least, duration
from benchmarks.soak.process import state_of

_QUEUE = 32
_REQUESTS = {
    "/readyz": b"GET /readyz HTTP/1.1\r\nHost: tts.example\r\n\r\n",
    "/": b"GET / HTTP/1.1\r\nHost: tts.example\r\nAccept-Encoding: gzip\r\n\r\n",
    "/v1/audio/speech": SPEECH,
}


def main() -> None:
    """Print a line for each number of clients and kind of request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=at_least(1), nargs="+", default=(1, 100, 1000))
    parser.add_argument("--seconds", type=duration, default=20, help="of each measurement")
    parser.add_argument("--engine", default="espeak", help="of the node")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch), options.engine, 1, queue=_QUEUE) as client,
    ):
        for what, request in _REQUESTS.items():
            asyncio.run(ask_for(client.base_url, 1, 1, request=request))
            for clients in options.clients:
                found = asyncio.run(
                    ask_for(client.base_url, clients, options.seconds, request=request)
                )
                print(f"{what}, {clients} clients: {found.told(found.spoken)}")
                print(f"    refused (429): {found.told(found.refused)}; others: {found.others}")
                state = asyncio.run(state_of(str(client.base_url)))
                print(f"    {state}", flush=True)


if __name__ == "__main__":
    main()
