"""The node's command: ``python -m cosyvoice_cluster.app``, in a checkout also ``python -m app``."""

from .cli import main

if __name__ == "__main__":
    main(prog_name=f"python -m {__package__}")
