"""A signal that Python does not notice in time is not lost."""

import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]

# The signal comes to another thread than the one that sleeps, which is then not woken: as if it
# had come just before the sleep began.
_SLEEPER = """
import os, signal, sys, threading, time
from provisioning.cli.interrupts import Interrupts

def other():
    signal.pthread_kill(threading.get_ident(), signal.{name})
    {after}

with Interrupts() as interrupts:
    signal.signal(signal.SIGUSR1, lambda *_: None)
    lock = threading.Lock()
    lock.acquire()
    began = time.monotonic()
    try:
        threading.Timer(0.3, other).start()
        lock.acquire(timeout={timeout})
        print("slept")
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - began < 20)
    interrupts.end_at_once_if_any(130)
"""


def run(name: str, timeout: float, after: str = "pass") -> tuple[str, int]:
    program = _SLEEPER.format(name=name, timeout=timeout, after=after)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.strip(), done.returncode


def test_the_main_thread_is_reminded() -> None:
    assert run("SIGINT", 40) == ("interrupted True", 130)


def test_two_at_once_are_one() -> None:
    again = "signal.pthread_kill(threading.get_ident(), signal.SIGINT)"
    assert run("SIGINT", 40, again) == ("interrupted True", 130)


def test_another_signal_interrupts_nothing() -> None:
    assert run("SIGUSR1", 1.5) == ("slept", 0)


# The signal comes as soon as there is a handler, before the block is entered.
_AT_ONCE = """
import os, signal, sys, threading
from provisioning.cli.main import main

start = threading.Thread.start

def start_and_interrupt(thread):
    start(thread)
    threading.Thread.start = start
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread.start = start_and_interrupt
sys.argv = ["cluster", "schema"]
main()
"""


def test_one_that_comes_while_it_gets_ready_is_told_as_any() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == "Interrupted. Run the same command again to go on.\n"
    assert (done.stdout, done.returncode) == ("", 130)


# Python drops what a finaliser raises.
_DROPPED = """
import os, signal, sys, time
from provisioning.cli.interrupts import Interrupts

class Dropping:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass

with Interrupts() as interrupts:
    Dropping()
    try:
        time.sleep(40)
    except KeyboardInterrupt:
        print("interrupted")
    interrupts.end_at_once_if_any(130)
"""


def test_one_that_python_drops_comes_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DROPPED],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 130)
