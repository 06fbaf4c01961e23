"""An edge: Nginx, Keepalived and the look at the nodes, a file for each thing that is put there."""
