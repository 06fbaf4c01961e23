"""Base of the errors of session routing."""


class SessionRoutingError(Exception):
    """A request or a file that session routing cannot use, or a peer that does not answer.

    ```
    SessionRoutingError
        BrokenAnswerError
        NotForwardedError
            UntimelyError
        PeerError
        PeersFileError
    ```
    """
