"""Ways to hosts."""

import sys

# paramiko imports invoke, and with it asyncio and unittest.mock, for `Match exec` alone, which
# ssh_config.py does itself: a sixth of all that a short command does.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
