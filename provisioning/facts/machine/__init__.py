"""Facts about a machine and its surroundings, whatever its role: network, kernel, programs that
are there already. One file a question."""
