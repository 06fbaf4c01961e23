"""The end of the certificate that clients of a node are shown."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.host.served_certificate import CertificateWatch
from tests.app.metrics.test_metrics import samples
from tests.app.node_process import running
from tests.certificates import Made, Wanted, made
from tests.ports import refusing_port

_NAME = "cosyvoice_certificate_expiry_timestamp_seconds"


@contextlib.contextmanager
def shown(one: Made, folder: Path) -> Iterator[int]:
    """Somebody who shows that certificate; the port."""
    path = folder / "certificate.pem"
    path.write_text(one.key_pem() + one.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _told(port: int | None) -> list[float]:
    watch = CertificateWatch(port)
    asyncio.run(watch.refresh())
    watch.close()
    return [sample.value for family in watch.metrics() for sample in family.samples]


@pytest.mark.parametrize("days", [90, 1])
def test_its_end_is_told_whatever_it_is_worth(days: int, tmp_path: Path) -> None:
    # The one with a day ended a day ago.
    one = made(Wanted(days=days, begins=-2))
    with shown(one, tmp_path) as port:
        assert _told(port) == [one.certificate.not_valid_after_utc.timestamp()]


def test_who_shows_none_is_seen_too() -> None:
    with refusing_port() as port:
        assert _told(port) == [0]
    assert _told(None) == []


def test_a_node_tells_it(tmp_path: Path) -> None:
    one = made(Wanted())
    with shown(one, tmp_path) as port, running(tmp_path, "--tls-port", str(port)) as node:
        assert samples(node)[_NAME, ""] == one.certificate.not_valid_after_utc.timestamp()
