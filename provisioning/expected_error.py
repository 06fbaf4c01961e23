"""What is expected to go wrong."""


class ExpectedError(Exception):
    """Something that an operator can act on; the message is one for them, and names the fix.

    A command that ends with it prints the message and no traceback, with status 1.
    """
