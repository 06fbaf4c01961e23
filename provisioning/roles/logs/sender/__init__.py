"""The program on a log host that sends lines on: it is put there as it is, and runs under Debian's
own Python. Nothing in it needs anything else."""
