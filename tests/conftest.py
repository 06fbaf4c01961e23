"""The state every test starts from."""

import signal

from hypothesis import HealthCheck, settings

# A shell starts what runs in its background with SIGINT ignored, and programs inherit that; then
# no test could interrupt one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example took says how busy the machine was, and then it took another time at the next
# try, which Hypothesis calls a failure.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")
