"""Errors: whose mistake it is, and a text for that person."""


class Error(Exception):
    """What a plugin raises to refuse or to give up. Raise one of the four below."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidParams(Error):
    """The parameters are wrong. Name the parameter and say what it may be."""


class InvalidInput(Error):
    """The parameters are right, the data is not. Name the column and say what it lacks."""


class Failed(Error):
    """Parameters and data are right, and still it did not work."""


class Other(Error):
    """A plugin's own numbered error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def out_of_order(call: str, before: str) -> Failed:
    """A host that calls `call` before `before`: its mistake, not the user's."""
    return Failed(f"`{call}` was called before `{before}`")
