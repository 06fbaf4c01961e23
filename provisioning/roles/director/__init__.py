"""A director: Keepalived and IPVS, a file for each thing that is put there."""
