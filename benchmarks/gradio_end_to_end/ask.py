"""The program Gradio's tests start in place of `python DEMO`. It asks for a cluster and stands for
it: the cluster lasts as long as this process, and that as long as its standard input.

    python ask.py SOCKET DEMO
"""

# Only what imports in no time.
import json
import os
import socket
import sys
from pathlib import Path

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as warm:
    warm.connect(sys.argv[1])
    question = {"environment": dict(os.environ), "folder": str(Path.cwd()), "demo": sys.argv[2]}
    socket.send_fds(warm, [json.dumps(question).encode()], [1])
    sys.stdin.read()
