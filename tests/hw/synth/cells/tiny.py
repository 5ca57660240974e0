"""The tiny library of the tests: five cells of no process."""

from pathlib import Path

from hadacast.synth.cells import liberty

PATH = Path(__file__).parent / "tiny.lib"
LIBRARY = liberty.read(PATH)
