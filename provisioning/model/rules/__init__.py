"""Rules across keys: what each value allows by itself, and the whole does not.

Each rule is a function from a ``Context`` to findings, in a file named after what it is about.
A new one is written there and added to ``RULES``.
"""

from collections.abc import Callable, Iterator

from provisioning.model.rules.finding import Context, Finding

Rule = Callable[[Context], Iterator[Finding]]

RULES: tuple[Rule, ...] = ()


def findings(context: Context) -> Iterator[Finding]:
    """Everything the rules have to say."""
    for rule in RULES:
        yield from rule(context)
