"""Metrics of the GPUs, card by card; a value that a card does not tell has no sample."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from ..gpus.gpu import Gpu
from ..gpus.health import trouble
from ..gpus.xids import FATAL

_LABELS = ["gpu", "uuid", "name", "mig"]
_GAUGES: tuple[tuple[str, str, Callable[[Gpu], float | None]], ...] = (
    ("up", "Whether the driver reaches the card.", lambda gpu: not gpu.lost),
    ("healthy", "Whether the card needs no repair.", lambda gpu: not trouble(gpu)),
    ("memory_used_bytes", "Memory in use.", lambda gpu: gpu.memory_used),
    ("memory_total_bytes", "Memory.", lambda gpu: gpu.memory_total),
    ("utilization_ratio", "Share of time it computes.", lambda gpu: gpu.utilization),
    ("temperature_celsius", "Temperature.", lambda gpu: gpu.temperature),
    ("power_watts", "Power that it draws.", lambda gpu: gpu.power),
    ("power_limit_watts", "Power that it may draw.", lambda gpu: gpu.power_limit),
    ("processes", "Programs that compute on it.", lambda gpu: gpu.processes),
)


def gpu_metrics(
    gpus: Sequence[Gpu], expected: int | None, out: Collection[int]
) -> Iterator[Metric]:
    """Every family, whether there are cards or not; ``expected`` where somebody said how many,
    ``out`` are the cards whose slots take no jobs."""
    for name, help_text, value in _GAUGES:
        family = GaugeMetricFamily(f"cosyvoice_gpu_{name}", help_text, labels=_LABELS)
        for gpu in gpus:
            if (told := value(gpu)) is not None:
                family.add_metric(_place(gpu), told)
        yield family
    yield _in_service(gpus, out)
    yield from (_ecc(gpus), _xids(gpus), _throttling(gpus))
    if expected is not None:
        yield GaugeMetricFamily("cosyvoice_gpus_expected", "Cards there should be.", expected)


def _in_service(gpus: Sequence[Gpu], out: Collection[int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "cosyvoice_gpu_in_service",
        "Whether the card is not taken out of service for its trouble.",
        labels=_LABELS,
    )
    for gpu in gpus:
        family.add_metric(_place(gpu), gpu.index not in out)
    return family


def _ecc(gpus: Sequence[Gpu]) -> CounterMetricFamily:
    family = CounterMetricFamily(
        "cosyvoice_gpu_ecc_uncorrected_errors",
        "Memory errors that could not be corrected, since the driver was loaded.",
        labels=_LABELS,
    )
    for gpu in gpus:
        if gpu.ecc_uncorrected is not None:
            family.add_metric(_place(gpu), gpu.ecc_uncorrected)
    return family


def _xids(gpus: Sequence[Gpu]) -> CounterMetricFamily:
    family = CounterMetricFamily(
        "cosyvoice_gpu_xid_errors",
        "Errors of the driver about the card, by their number.",
        labels=[*_LABELS, "xid"],
    )
    for gpu in gpus:
        # The fatal ones at zero, so that the first is seen as an increase.
        for xid, times in (dict.fromkeys(sorted(FATAL), 0) | Counter(gpu.xids)).items():
            family.add_metric([*_place(gpu), str(xid)], times)
    return family


def _throttling(gpus: Sequence[Gpu]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "cosyvoice_gpu_throttled",
        "1 for each reason for which the card's clocks are lower than they could be.",
        labels=[*_LABELS, "reason"],
    )
    for gpu in gpus:
        for reason in gpu.throttling:
            family.add_metric([*_place(gpu), reason], 1)
    return family


def _place(gpu: Gpu) -> list[str]:
    return [str(gpu.index), gpu.uuid, gpu.name, "" if gpu.mig is None else str(gpu.mig)]
