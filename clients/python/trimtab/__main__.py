"""`python -m trimtab launch trimtab.toml` runs a search, `python -m trimtab convert` reads and writes files of Zeus and
lowtime; everything else goes to the binary: `trimtab --help`."""

from __future__ import annotations

import os
import sys

from .frames import bundled_binary


def main() -> None:
    """The command `trimtab` of the installed package."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["convert"]:
        from .zeus.convert import main as convert

        sys.exit(convert(arguments[1:]))
    if arguments[:1] == ["launch"]:
        from .launcher.manifest import main as launch

        sys.exit(launch(arguments[1:]))
    binary = os.environ.get("TRIMTAB_BINARY") or bundled_binary()
    if binary is None:  # not from the PATH, where this command itself is found
        sys.exit("trimtab: this package carries no binary; install a platform wheel, or set TRIMTAB_BINARY")
    os.execv(binary, [binary, *arguments])


if __name__ == "__main__":
    main()
