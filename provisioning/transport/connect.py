"""Connect to an sshd, patiently if it is crowded."""

import logging
import random
import time
from contextlib import ExitStack

import paramiko

from provisioning.transport.base import UnreachableError
from provisioning.transport.deadline import Deadline
from provisioning.transport.dial import dial
from provisioning.transport.handshake import BrokenOffError, shake_hands
from provisioning.transport.route import Endpoint

_log = logging.getLogger(__name__)

_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds before another try at an sshd that broke the connection off, if there is time."""


def open_connection(
    endpoint: Endpoint,
    before: paramiko.Transport | None,
    deadline: Deadline,
    accept_new_host_keys: bool,
    ending: ExitStack,
) -> paramiko.Transport:
    """Connect to the endpoint, through the jump host ``before`` if given, and check its host key.

    Cleanup is registered with ``ending``. Raises ``TransportError``.
    """
    reason: UnreachableError | None = None
    for pause in (0.0, *_PAUSES):
        # Many of us may have come at once; they should not all come back at once.
        pause *= random.uniform(0.5, 1.5)
        if reason and deadline.left < pause:
            break
        time.sleep(pause)
        try:
            return _open_connection(endpoint, before, deadline, accept_new_host_keys, ending)
        except BrokenOffError as error:
            _log.info("broken off, to be tried again: %s", error)
            reason = error
        except UnreachableError as error:
            # A try that had no time left tells less than the one before it.
            reason = reason if reason and deadline.passed else error
            break
    assert reason is not None
    raise reason


def _open_connection(
    endpoint: Endpoint,
    before: paramiko.Transport | None,
    deadline: Deadline,
    accept_new_host_keys: bool,
    ending: ExitStack,
) -> paramiko.Transport:
    with ExitStack() as attempt:
        stream = dial(endpoint, before, deadline)
        attempt.callback(stream.close)
        try:
            transport = shake_hands(
                stream.socket, endpoint, deadline, accept_new_host_keys=accept_new_host_keys
            )
        except UnreachableError as error:
            if stream.proxy is None:
                raise
            raise UnreachableError(
                f"{error}; the ProxyCommand ({stream.proxy.command}) reported: "
                f"{stream.proxy.said() or 'nothing'}"
            ) from None
        attempt.callback(transport.close)
        ending.enter_context(attempt.pop_all())
        return transport
