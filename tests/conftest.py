"""The state every test starts from."""

import signal

from hypothesis import HealthCheck, settings

# A shell starts what runs in its background with SIGINT ignored, and programs inherit that; then
# no test could interrupt one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is: by default 0.2 s are an error.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
