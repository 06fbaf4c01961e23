"""State of a GPU, or of a MIG instance on one. Plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """A card as the driver tells; nothing where it does not."""

    index: int
    """As nvidia-smi counts; a MIG instance has that of its card."""
    name: str = ""
    memory_used: int | None = None
    """Bytes, of all programs."""
    memory_total: int | None = None
    """Bytes."""
    utilization: float | None = None
    """Share of the last moment in which it computed, 0 to 1."""
    temperature: int | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts that it draws."""
    power_limit: float | None = None
    """Watts that it may draw."""
    uuid: str = ""
    mig: int | None = None
    """Number of the MIG instance on its card; nothing for a card itself."""
    processes: int | None = None
    """Programs that compute on it."""
    ecc_uncorrected: int | None = None
    """Memory errors that ECC could not correct, since the driver was loaded or the card reset."""
    throttling: tuple[str, ...] = ()
    """Reasons for which its clocks are lower than they could be."""
    recovery: str = ""
    """Treatment without which the driver does not trust it; empty where it asks for none, or is
    older than 565 and cannot say."""
    xids: tuple[int, ...] = ()
    """Errors of the driver about it since it was started or reset, in their order: those that this
    process saw, and fatal ones that one before it did."""
    lost: str = ""
    """Error by which the driver no longer reaches it; empty where it does."""

    @property
    def label(self) -> str:
        """For people."""
        return f"GPU {self.index} ({self.name})" if self.name else f"GPU {self.index}"
