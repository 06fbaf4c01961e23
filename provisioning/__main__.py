"""``python -m cosyvoice_cluster`` is ``cluster``; in a checkout ``python -m provisioning`` is."""

from provisioning.cli.main import main

main()
