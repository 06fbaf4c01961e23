"""``python -m cosyvoice_cluster`` is ``cluster``; in a checkout ``python -m provisioning`` is."""

from .cli.main import main

main()
