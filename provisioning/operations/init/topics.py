"""All questions, in the order in which they are asked. Pure."""

from .alert_topics import ALERTS_TO, MAIL_SERVER
from .app_topics import ENGINE, GPUS, JOBS, MODEL, PYTHON
from .network_topics import FIREWALL, INTERFACE, SSH_USER, VIP
from .role_topics import role_topics
from .tls_topics import TLS, TLS_CERTIFICATE, TLS_EMAIL, TLS_KEY, TLS_NAMES
from .topic import Topic

BEFORE_LOOK: tuple[Topic, ...] = (VIP, *role_topics(), SSH_USER)
"""By these machines can be looked at."""
AFTER_LOOK: tuple[Topic, ...] = (
    INTERFACE,
    ENGINE,
    GPUS,
    JOBS,
    MODEL,
    PYTHON,
    ALERTS_TO,
    MAIL_SERVER,
    TLS,
    TLS_NAMES,
    TLS_EMAIL,
    TLS_CERTIFICATE,
    TLS_KEY,
    FIREWALL,
)
TOPICS = (*BEFORE_LOOK, *AFTER_LOOK)


def topic_about(key: str) -> Topic | None:
    """The question whose answer decides a key of the inventory; None where nobody was asked."""
    fits = [
        (len(about), topic)
        for topic in TOPICS
        for about in topic.about
        if key == about or key.startswith((f"{about}.", f"{about}["))
    ]
    return max(fits, key=lambda one: one[0])[1] if fits else None
