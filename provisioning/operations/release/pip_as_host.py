"""Run pip so that it answers environment markers (PEP 508) as another machine does.

With ``--python-version`` pip chooses wheels for that version, and still asks its own interpreter
whether ``NAME; python_version >= "3.13"`` is wanted.

    python pip_as_host.py '{"python_version": "3.13", …}' download …
"""

import json
import sys

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

_ours = markers.default_environment
_theirs = json.loads(sys.argv[1])

markers.default_environment = lambda: {**_ours(), **_theirs}
sys.exit(main(sys.argv[2:]))
