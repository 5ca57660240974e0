"""The command line in an empty folder, as in tests/cli."""

from cli.conftest import codes, fails, hadacast, here  # noqa: F401
