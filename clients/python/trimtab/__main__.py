"""`python -m trimtab launch trimtab.toml` runs a search, `python -m trimtab convert` reads and writes files of Zeus and
lowtime; everything else goes to the binary: `trimtab --help`."""

from __future__ import annotations

import os
import sys

from .frames import bundled_binary, named_binary


def main() -> None:
    """The command `trimtab` of the installed package."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["convert"]:
        from .zeus.convert import main as convert

        sys.exit(convert(arguments[1:]))
    if arguments[:1] == ["launch"]:
        from .launcher.manifest import main as launch

        sys.exit(launch(arguments[1:]))
    try:
        binary = named_binary() or bundled_binary()
    except OSError as error:
        sys.exit(f"trimtab: {error}")
    if binary is None:  # not from the PATH, where this command itself is found
        sys.exit("trimtab: this package carries no binary; install a platform wheel, or set TRIMTAB_BINARY")
    if os.path.realpath(binary) == os.path.realpath(sys.argv[0]):
        sys.exit(f"trimtab: TRIMTAB_BINARY={os.environ['TRIMTAB_BINARY']}: expected the path of the trimtab program, "
                 "found this command itself; correct the variable, or unset it")
    os.execv(binary, [binary, *arguments])


if __name__ == "__main__":
    main()
