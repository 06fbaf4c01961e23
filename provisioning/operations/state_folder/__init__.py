"""Memory of a cluster on the control machine: files of ``.cluster/NAME/``, beside the journals."""
