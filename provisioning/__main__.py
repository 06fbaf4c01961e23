"""``python -m provisioning`` is ``cluster``."""

from provisioning.cli.main import main

main()
