"""Shows how long a certificate is good for."""

from datetime import UTC, datetime

from rich.text import Text

from ...facts.served_certificate import ServedCertificate
from ...model.tls.tls import Tls


def certificate_cell(tls: Tls, shown: ServedCertificate | None) -> Text:
    """Days left, red where they are few."""
    said, good = shown.left_in_words(tls, datetime.now(UTC)) if shown else ("none", False)
    return Text(said, "" if good else "bold red")
