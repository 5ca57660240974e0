"""The process that holds Yosys: `python -m hadacast.tools._yosys_child SCRIPT LOG_FD`.

Yosys ends its process on an error and may crash; both then happen here and not in the caller. The
log goes to the file descriptor LOG_FD, so that standard output carries only what the script writes
there (`write_verilog` without a file name).
"""

import ctypes
import os
import sys


def main() -> None:
    """Run the script; does not return."""
    script, log_fd = sys.argv[1:]
    from pyosys import libyosys as ys

    # `run_pass` would print a header on standard output before `tee` takes effect; `call` does not.
    # The name keeps a reference: the design is freed with its Python object.
    design = ys.yosys_get_design()
    ys.Pass.call(design, ["tee", "-q", "-o", f"/dev/fd/{log_fd}", "script", script])
    # Leave without Yosys's own shutdown, which frees that design a second time and crashes.
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)
    os._exit(0)


if __name__ == "__main__":
    main()
