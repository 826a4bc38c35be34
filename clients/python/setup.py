"""The wheel's tag: of the platform whose binary it carries, else of none. All else is in pyproject.toml."""

import platform
import re
import sysconfig
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

BINARY = Path(__file__).parent / "trimtab" / "bin" / "trimtab"


def platform_tag() -> str:
    """On Linux `manylinux` with the newest version of glibc that a symbol of the binary asks for."""
    if platform.system() != "Linux":
        return re.sub("[.-]", "_", sysconfig.get_platform())
    versions = {tuple(map(int, match)) for match in re.findall(rb"GLIBC_(\d+)\.(\d+)", BINARY.read_bytes())}
    major, minor = max(versions, default=(2, 17))
    return f"manylinux_{major}_{minor}_{platform.machine()}"


class Package(Distribution):
    """Installed among what belongs to a platform where it carries a binary."""

    def has_ext_modules(self) -> bool:
        return BINARY.exists()


class Wheel(bdist_wheel):
    """A wheel for any Python, of one platform where it carries a binary."""

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", platform_tag() if BINARY.exists() else "any")


setup(cmdclass={"bdist_wheel": Wheel}, distclass=Package)
