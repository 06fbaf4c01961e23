"""Tells other programs how an operation goes: a command of the operator's, a webhook."""
