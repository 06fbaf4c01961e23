"""Maintenance of hosts under drain: a command, a script, a reboot, host by host.

``planning`` chooses hosts and batches, ``state_machine`` the next step, both pure; ``phases`` do
the work through ``ports``, which ``ssh_hosts`` implements; ``runner`` drives them and has the
cluster remember the state before and after each; ``commands`` are the forms of ``cluster
maintain``. Drain, proof and soak are those of ``rolling_upgrade``.
"""
