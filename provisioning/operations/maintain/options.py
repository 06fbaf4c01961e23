"""Options of a maintenance. Pure."""

from dataclasses import dataclass

from ..rolling_upgrade.options import OnDeadline, UpgradeOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceOptions:
    """Options of a maintenance. Times are seconds; those that an upgrade has too mean the same."""

    batch: str = "1"
    max_out: str = ""
    max_fail: int = 0
    """Real servers that may fail before the run stops; any other host that fails stops it."""
    canary: int = 1
    soak: float = 60.0
    soak_rest: float = 15.0
    order: str = "inventory"
    drain_timeout: float = 300.0
    on_deadline: OnDeadline = "stop"
    run_timeout: float = 3600.0
    """Time that the command may take."""
    reboot_timeout: float = 900.0
    """Time from the order to reboot until the host lets us in again."""
    force: bool = False
    """Continue against objections of capacity or quorum."""

    def of_upgrade(self) -> UpgradeOptions:
        """The options of the phases that an upgrade has too."""
        return UpgradeOptions(
            batch=self.batch,
            max_out=self.max_out,
            canary=self.canary,
            soak=self.soak,
            soak_rest=self.soak_rest,
            order=self.order,
            drain_timeout=self.drain_timeout,
            on_deadline=self.on_deadline,
            force=self.force,
        )
