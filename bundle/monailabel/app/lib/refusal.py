"""The answer to a request that cannot be fulfilled."""

from __future__ import annotations


class Refusal(Exception):
    """A request that cannot be fulfilled.

    Attributes:
        status: of HTTP; 400 and above where the request is at fault, 500 and above where the server is.

    The message says in one or two sentences what was wrong, what was expected and what to do.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
