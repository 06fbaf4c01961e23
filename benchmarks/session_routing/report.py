"""Percentiles and ratios."""

import math


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` percent are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)] if ordered else math.nan


def ratio(values: list[float], others: list[float], share: float) -> float:
    """Percentile to percentile."""
    other = percentile(others, share)
    return percentile(values, share) / other if other else math.inf
