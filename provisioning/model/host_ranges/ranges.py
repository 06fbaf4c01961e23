"""Ranges in names, as Ansible's inventories and ClusterShell have them: ``rs[001:300]``,
``r[1:3]n[01:20]``, ``rs[001-006,009]``, ``lvs-[a:b]``.

Either sign may stand between the ends: inventories of Ansible have a colon, and a folded name that
this program printed (``rs[001-006,009]``) can be pasted.
"""

import re
from itertools import product
from math import prod
from string import ascii_lowercase, ascii_uppercase

from ...errors import ClusterError

MOST = 5000
"""Names that one range may stand for."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_ENDS = re.compile(r"([0-9]{1,9}|[A-Za-z])(?:[:-]([0-9]{1,9}|[A-Za-z])(?::([0-9]{1,9}))?)?")


class RangeError(ClusterError):
    """A range that cannot be read."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}; {fix}")
        self.message = message
        self.fix = fix


def has_range(text: str) -> bool:
    """True if there is a pair of brackets, whatever is in it."""
    return _BRACKETS.search(text) is not None


def expand(text: str) -> list[str]:
    """Every name that the text stands for, in order; of several ranges the last runs fastest.

    Raises ``RangeError``.
    """
    # Text and what stands in brackets take turns.
    parts = _BRACKETS.split(text)
    if "[" in (rest := "".join(parts[::2])) or "]" in rest:
        raise RangeError("a bracket stands alone", "close each range: rs[001:300]")
    choices = [_choices(part) if n % 2 else [part] for n, part in enumerate(parts)]
    if (count := prod(map(len, choices))) > MOST:
        raise _too_many(count)
    return ["".join(chosen) for chosen in product(*choices)]


def _choices(inner: str) -> list[str]:
    return [name for item in inner.split(",") for name in _item(item.strip())]


def _item(item: str) -> list[str]:
    match = _ENDS.fullmatch(item)
    if match is None:
        raise RangeError(
            f"[{item}] is no range", "write two numbers or two letters, such as [001:300] or [a:f]"
        )
    first, last, step = match[1], match[2] or match[1], int(match[3] or 1)
    if step == 0:
        raise RangeError(f"[{item}] never ends: its step is 0", "leave the step out")
    if not first.isdigit() or not last.isdigit():
        return _letters(item, first, last, step)
    if len(first) > len(str(int(first))) and len(first) != len(last):
        raise RangeError(
            f"the ends of [{item}] are of different width",
            f"write both with as many digits: [{first}:{last.zfill(len(first))}]"
            if len(last) < len(first)
            else f"write both with as many digits: [{first.zfill(len(last))}:{last}]",
        )
    numbers = range(int(first), int(last) + 1, step)
    if not numbers:
        raise _backwards(item, first, last)
    if len(numbers) > MOST:
        raise _too_many(len(numbers))
    return [str(number).zfill(len(first)) for number in numbers]


def _letters(item: str, first: str, last: str, step: int) -> list[str]:
    for alphabet in (ascii_lowercase, ascii_uppercase):
        if first in alphabet and last in alphabet:
            if first > last:
                raise _backwards(item, first, last)
            return list(alphabet[alphabet.index(first) : alphabet.index(last) + 1 : step])
    raise RangeError(
        f"[{item}] has ends of different kinds", "write two numbers, or two letters of one case"
    )


def _backwards(item: str, first: str, last: str) -> RangeError:
    return RangeError(f"[{item}] runs backwards", f"write [{last}:{first}]")


def _too_many(count: int) -> RangeError:
    return RangeError(f"the range stands for {count} names", f"at most {MOST} are taken; check it")
