"""Published methods, each written straight from its formula; nothing here imports hadacast."""

from importlib import import_module
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in ("__init__", "arithmetic", "constants", "grids"):
        import_module(f"{__name__}.{path.stem}")
