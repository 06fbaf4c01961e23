"""The kernel's IPVS on a director, as ipvsadm(8) prints it."""
