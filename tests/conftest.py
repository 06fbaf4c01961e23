"""The state every test starts from."""

import signal

# A shell starts what runs in its background with SIGINT ignored, and programs inherit that; then
# no test could interrupt one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
