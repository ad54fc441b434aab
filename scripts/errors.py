"""What a user's mistake looks like: an ordinary exception in a library, one sentence on the command line."""

from __future__ import annotations

import errno
import logging
import re
import sys
from collections.abc import Iterator
from types import TracebackType

from scripts.printable import printable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class InputError(ValueError):
    """A mistake in what the user gave: a file, a folder, an option or a checkpoint.

    The message names the thing at fault, what was expected and what to do, in one or two sentences on one line: signs
    that cannot be printed, which a file name may hold, are written as escape sequences.
    """

    def __init__(self, message: object = "") -> None:
        text = str(message)
        super().__init__("".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text))


def cannot_write(
    path: object, error: OSError, cure: str = "give another --output_dir", full: str | None = None
) -> InputError:
    """The sentence about a file or folder that the disk refuses.

    Args:
        path: the file or folder.
        error: what the system said.
        cure: what the user can do.
        full: what the user can do where the disk is full; None: free some space, or `cure`.
    """
    if error.errno in FULL or error.errno is None:  # encoders report a full disk without errno
        cure = full or f"free some space or {cure}"
    return InputError(f"{path} cannot be written ({error.strerror or error}): {cure}.")


def find_input_error(error: BaseException | None) -> InputError | None:
    """Return the user's mistake behind an exception, following causes and contexts, or None.

    MONAI wraps what a transform or a config target raises in a ``RuntimeError``; the mistake is further down: an
    `InputError`, a disk that is full or closed to the user, a training that diverged, or an option that an argument
    check of this package refused with a ``ValueError``. Where there is none of these, a part of a config that is not
    found or cannot be built.
    """
    chain = list(_chain(error))
    return next(filter(None, [*map(_mistake, chain), *map(_config_mistake, chain)]), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _mistake(error: BaseException) -> InputError | None:
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.errno in (*FULL, errno.EROFS):
        return cannot_write(error.filename or "The output", error)
    if isinstance(error, PermissionError):
        return InputError(f"{error.filename or 'A file'} may not be opened: change its permissions or give another.")
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
        return InputError(f"{printable(error.object[-200:])} is a name that is not UTF-8: rename the file or folder.")
    if type(error) in (ValueError, FloatingPointError) and _raised_by_this_package(error):
        return InputError(str(error))
    return None


def _config_mistake(error: BaseException) -> InputError | None:
    """What MONAI says of a ``_target_`` that is not there, or that another library's check refuses to build."""
    if found := re.match(r"Cannot locate class or function path: '(.+)'", str(error)):
        return InputError(
            f"The config's _target_ {found[1]} is not found: give the full name of a class or function, such as "
            "scripts.networks.StainGenerator; the changelog says what was moved."
        )
    cause = error.__cause__
    found = re.match(r"Failed to instantiate component '(.+)' with keywords", str(error))
    if found and isinstance(cause, (ValueError, TypeError)) and not found[1].startswith("scripts."):
        return InputError(f"The config's {found[1]} cannot be built ({cause}): correct its options.")
    return None


def _raised_by_this_package(error: BaseException) -> bool:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and str(frame.tb_frame.f_globals.get("__name__", "")).startswith("scripts.")


def on_command_line() -> bool:
    """Whether this process is MONAI's command line, not a library caller of ``ConfigWorkflow``."""
    main_spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return main_spec is not None and main_spec.name.startswith("monai.bundle")


def end_in_one_sentence() -> None:
    """On MONAI's command line, let an `InputError` end the process with its message and status 1, without a traceback.

    ``python -m monai.bundle run`` has no handling of errors of its own, so this replaces `sys.excepthook`, which sees
    only exceptions nobody caught. A library caller of ``ConfigWorkflow`` is left alone: it gets the exception itself.
    """
    if not on_command_line():
        return
    # Ignite and MONAI log an error with its traceback before they raise it again.
    # The filter of a handler sees records of all loggers, that of a logger only its own.
    for handler in (*logging.getLogger().handlers, logging.lastResort):
        if handler is not None:
            handler.addFilter(_not_about_input_errors)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # an InputError tells what it logs
    sys.excepthook = _excepthook


def _not_about_input_errors(record: logging.LogRecord) -> bool:
    error = sys.exc_info()[1]
    return record.levelno < logging.ERROR or not (isinstance(error, KeyboardInterrupt) or find_input_error(error))


def _excepthook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    mistake = find_input_error(error)
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    elif mistake is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(f"error: {mistake}", file=sys.stderr)
