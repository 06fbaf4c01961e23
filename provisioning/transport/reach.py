"""An encrypted connection with an sshd, with some patience for one that is crowded."""

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
"""Seconds before another try at an sshd that broke the connection off, where there is time."""


def reach(
    endpoint: Endpoint,
    before: paramiko.Transport | None,
    deadline: Deadline,
    accept_new_host_keys: bool,
    ending: ExitStack,
) -> paramiko.Transport:
    """Connects to the endpoint, by way of the jump host ``before`` where there is one, and checks
    its host key. What has to be ended later is given to ``ending``. Raises ``TransportError``."""
    reason: UnreachableError | None = None
    for pause in (0.0, *_PAUSES):
        # Many of us may have come at once; they should not all come back at once.
        pause *= random.uniform(0.5, 1.5)
        if reason and deadline.left < pause:
            break
        time.sleep(pause)
        try:
            return _reach(endpoint, before, deadline, accept_new_host_keys, ending)
        except BrokenOffError as error:
            _log.info("broken off, to be tried again: %s", error)
            reason = error
        except UnreachableError as error:
            # A try that had no time left tells less than the one before it.
            reason = reason if reason and deadline.passed else error
            break
    assert reason is not None
    raise reason


def _reach(
    endpoint: Endpoint,
    before: paramiko.Transport | None,
    deadline: Deadline,
    accept_new_host_keys: bool,
    ending: ExitStack,
) -> paramiko.Transport:
    with ExitStack() as attempt:
        line = dial(endpoint, before, deadline)
        attempt.callback(line.close)
        try:
            transport = shake_hands(
                line.stream, endpoint, deadline, accept_new_host_keys=accept_new_host_keys
            )
        except UnreachableError as error:
            if line.proxy is None:
                raise
            raise UnreachableError(
                f"{error}; the ProxyCommand ({line.proxy.command}) said: "
                f"{line.proxy.said() or 'nothing'}"
            ) from None
        attempt.callback(transport.close)
        ending.enter_context(attempt.pop_all())
        return transport
