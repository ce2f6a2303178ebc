"""The command ``earmark``; also ``python -m earmark``."""

import sys

from . import _earmark


def main() -> int:
    """Runs the command with the arguments of the process; gives its exit code."""
    return _earmark.command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
