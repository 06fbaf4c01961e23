"""Shows how long a certificate is good for."""

from datetime import UTC, datetime

from rich.text import Text

from ...facts.served_certificate import ServedCertificate
from ...model.tls import Tls


def certificate_cell(tls: Tls, shown: ServedCertificate | None) -> Text:
    """Days left, red where they are few."""
    left = shown.days_left(datetime.now(UTC)) if shown else None
    if left is None:
        return Text("none", "bold red")
    if left <= 0:
        return Text("ended", "bold red")
    return Text(f"{left:.0f} days left", "" if left >= tls.warn_days else "bold red")
