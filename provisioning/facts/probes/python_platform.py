"""Print the platform of a Python, by which wheels are chosen.

Runs on a host, with no more than Python itself.
"""

import json
import platform
import sys

libc, version = platform.libc_ver()
print(
    json.dumps(
        {
            "implementation": sys.implementation.name,
            "python": list(sys.version_info[:3]),
            "machine": platform.machine(),
            "libc": libc,
            "libc_version": [int(part) for part in version.split(".")[:2] if part.isdigit()],
        }
    )
)
