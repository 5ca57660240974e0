"""The header says what the register map says, and a C compiler agrees."""

import re
import shutil
import subprocess

import pytest

from hadacast import settings
from hadacast.c_header import c_header, c_writes
from hadacast.settings import Register, RegisterMap, Table

MAP = RegisterMap(
    (
        ("stub", (Register(name="a", text="a number", low=-50, high=4, init=-1),)),
        ("other", (Table(name="b", text="rows", width=70, init=(0,) * 5),)),
    )
)


def test_constants():
    text = c_header("core", MAP)
    found = dict(re.findall(r"#define HADACAST_CORE_(\w+) (\S+)", text))
    values = {name: int(value.strip("()"), 0) for name, value in found.items()}
    a, b = MAP["stub_0_a"], MAP["other_1_b"]
    assert values == {
        **{name.upper(): address for name, (address, _) in settings.FIXED.items()},
        "ID_VALUE": settings.IDENTITY,
        "STUB_0_A": a.address,
        "STUB_0_A_LOW": -50,
        "STUB_0_A_HIGH": 4,
        "OTHER_1_B": b.address,
        "OTHER_1_B_ROWS": 5,
        "OTHER_1_B_BITS": 70,
        "OTHER_1_B_STRIDE": 16,
    }


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_it_compiles(tmp_path):
    (tmp_path / "core.h").write_text(c_header("core", MAP))
    uses = "HADACAST_CORE_OTHER_1_B_ROWS + (HADACAST_CORE_STUB_0_A_LOW == -50)"
    source = f'#include "core.h"\n#include "core.h"\nint x[{uses}];\n'
    (tmp_path / "use.c").write_text(source)
    command = ["cc", "-std=c99", "-Wall", "-Werror", "-pedantic", "-c", "use.c"]
    subprocess.run(command, cwd=tmp_path, check=True)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.parametrize("writes", [[], [(8, 1), (0x40, 0xFFFFFFFF), (8, 0)]])
def test_writes_compile(tmp_path, writes):
    (tmp_path / "w.h").write_text(c_writes("core", writes))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "w.h"\n'
        "int main(void) {\n  for (int i = 0; i < HADACAST_CORE_WRITES; i++)\n"
        '    printf("%u %u\\n", core_writes[i][0], core_writes[i][1]);\n  return 0;\n}\n'
    )
    subprocess.run(["cc", "-Wall", "-Werror", "-o", "main", "main.c"], cwd=tmp_path, check=True)
    out = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert [tuple(map(int, line.split())) for line in out.splitlines()] == writes
