"""The process in which cocotb's runner builds and runs a simulator; `run_cocotb` starts it.

The runner reads and writes the environment, prints, and ends its process when a test fails.
"""

import json
import sys
from pathlib import Path

from cocotb_tools.runner import get_runner


def main(spec: dict) -> None:
    """spec: simulator, module, sources, waves, work, bench, build_args, build_dir, log and test."""
    runner = get_runner(spec["simulator"])
    if not spec["test"]:
        runner.build(
            sources=spec["sources"],
            hdl_toplevel=spec["module"],
            build_args=spec["build_args"],
            build_dir=spec["build_dir"],
            waves=spec["waves"],
            timescale=("1ns", "1ps"),
            log_file=spec["log"],
        )
        return
    plusargs = []
    if spec["waves"] and spec["simulator"] == "icarus":
        plusargs = [f"+dumpfile_path={Path(spec['work']) / spec['module']}.fst"]
    runner.test(
        test_module=spec["bench"],
        hdl_toplevel=spec["module"],
        hdl_toplevel_lang="verilog",
        build_dir=spec["build_dir"],
        test_dir=spec["work"],
        plusargs=plusargs,
        waves=spec["waves"],
        timescale=("1ns", "1ps"),
        log_file=spec["log"],
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
