"""The weight of a mistake: every command line needs it, and few need the rules."""

from typing import Literal

Severity = Literal["error", "warning"]
