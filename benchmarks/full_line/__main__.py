"""What refusing costs a node that far more clients want than it can serve, and who pays for it.

    python -m benchmarks.full_line [--clients N] [--seconds S] [--patient] [--release FOLDER]

One client alone asks for speech, then N at once, on kept connections: without a pause, or
(`--patient`) when they were told to come again and up to half as long again later. Each line tells
the answers a second and the times to them; the last, the processor time of the web process for a
refusal, where what it takes for those who are served is what it took for one alone. That hardly
depends on what else the machine does, unlike all the rest: compare runs that take turns.
"""

import argparse
import asyncio
import re
import tempfile
from pathlib import Path

import httpx

from benchmarks.full_line.clients import Answers, ask_for
from benchmarks.node.running import node
from benchmarks.numbers import at_least, duration

_QUEUE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=at_least(1), default=1000)
    parser.add_argument("--seconds", type=duration, default=20, help="of each measurement")
    parser.add_argument("--patient", action="store_true", help="clients heed Retry-After")
    parser.add_argument("--release", type=Path, help="folder with another app/ to start")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        node(Path(scratch), "espeak", 1, queue=_QUEUE, release=options.release) as client,
    ):
        _measure(client, 1, 2, patient=False)
        alone, own = _measure(client, 1, options.seconds, patient=False)
        _show("1 client", alone)
        many, cpu = _measure(client, options.clients, options.seconds, patient=options.patient)
        _show(f"{options.clients} clients", many)
    if alone.spoken and many.refused:
        share = many.spoken_a_second / alone.spoken_a_second
        cost = (cpu - own / len(alone.spoken) * len(many.spoken)) / len(many.refused)
        print(f"spoken: {share:.0%} of one client's; {cost * 1e6:.0f} µs for a refusal")


def _measure(
    client: httpx.Client, clients: int, seconds: float, *, patient: bool
) -> tuple[Answers, float]:
    """What was answered, and the web process's seconds of processor time for it."""
    before = _processor_time(client)
    answers = asyncio.run(ask_for(client.base_url, clients, seconds, patient=patient))
    return answers, _processor_time(client) - before


def _processor_time(client: httpx.Client) -> float:
    text = client.get("/metrics").raise_for_status().text
    found = re.search(r"^process_cpu_seconds_total (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _show(title: str, answers: Answers) -> None:
    print(f"{title}: spoken {answers.told(answers.spoken)}")
    print(f"{title}: refused {answers.told(answers.refused)}; others {answers.others}", flush=True)


if __name__ == "__main__":
    main()
