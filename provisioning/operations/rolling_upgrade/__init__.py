"""Roll out a release node by node, without interrupting clients.

``state_machine`` decides the next step and ``capacity`` which nodes may leave, both pure;
``phases`` do the work through ``ports``, which ``ssh`` implements; ``runner`` drives the phases and
saves the state after each of them; ``commands`` are the forms of ``cluster rolling-upgrade``.
"""
