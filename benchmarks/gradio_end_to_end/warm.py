"""A process that has Gradio imported and, by forking, makes of itself every cluster asked for.

Importing Gradio takes seconds, and every demo would need three times that. Who asks gives its
environment, its demo and its standard output; the cluster ends when who asked does.
"""

import json
import multiprocessing
import os
import signal
import socket
import sys
from pathlib import Path

from benchmarks.gradio_end_to_end import launcher

_MESSAGE = 1 << 20


def serve(path: Path) -> None:
    """Answer at the Unix socket `path` until this process is ended."""
    # Nobody waits for the clusters.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen()
        while True:
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _become(asked)
            asked.close()


def _become(asked: socket.socket) -> None:
    """Be the cluster that is asked for; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, files, _, _ = socket.recv_fds(asked, _MESSAGE, 1)
    question = json.loads(message)
    os.environ.clear()
    os.environ.update(question["environment"])
    os.chdir(question["folder"])
    for number in (1, 2):
        os.dup2(files[0], number)
    try:
        launcher.launch(Path(question["demo"]), until=asked)
    finally:
        for child in multiprocessing.active_children():
            child.kill()
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
