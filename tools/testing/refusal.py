"""How a tool refuses the arguments that it was given."""

import contextlib
import io


def of(call):
    """The last line on stderr of a call that must leave with status 2."""
    errors = io.StringIO()
    status = None
    with contextlib.redirect_stderr(errors):
        try:
            call()
        except SystemExit as leaving:
            status = leaving.code
    if status != 2:
        raise AssertionError(f"not refused: the status is {status}, stderr {errors.getvalue()!r}")
    return errors.getvalue().splitlines()[-1]
