"""Hostile names of files, folders, recipes and boards: they are names, and nothing that anyone runs."""

import ast
import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hw.synth.cells.tiny import LIBRARY, PATH
from hypothesis import given
from hypothesis import strategies as st

import hadacast as package
from hadacast import recipe as recipes
from hadacast.cli import files
from hadacast.errors import HadacastError
from hadacast.synth.cells import expression, liberty
from hadacast.tools import yosys

TRAP = "trapped"  # what nothing may make
NAMES = [
    "with space",
    "a;touch trapped",
    "$(touch trapped)",
    "`touch trapped`",
    "a|touch trapped",
    "a\ntouch trapped\n",
    "a\n!touch trapped\n",
    "a\nexec -- touch trapped\n",
    "'quote",
    '"quotes"',
    "back\\slash",
    "$HOME",
    "%n{0}{file}",
    "#hash",
    "*?[a-z]",
    "&& exit 1",
    "<svg onload=alert(1)>",
    "{{ 7 * 7 }}",
    "module",
    "aclk",
    "s_axis_tdata",
    "größe-木-🦜",
    "e\u0301 \u202e",
    "-rf",
    "--help",
    "~root",
    "CON",
    "..",
    "\udcff\udcfe",  # bytes that are no text
    "x" * 200,
]
# Every fourth; what takes seconds goes through the others in a long run.
SOME = [name if k % 4 == 1 else pytest.param(name, marks=pytest.mark.long) for k, name in enumerate(NAMES)]


@pytest.fixture(autouse=True)
def no_trap(here):
    yield
    assert not list(here.rglob(f"{TRAP}*"))


@pytest.mark.parametrize("name", SOME, ids=ascii)
def test_a_recipe_and_an_output_of_that_name(hadacast, here, codes, name):
    """What is written is where it should be, and loads; the module's name is a name."""
    folder = here / "in"
    folder.mkdir()
    path = folder / f"{name}.toml"
    path.write_text((here / "small.toml").read_text())
    (here / "made").mkdir()
    before = set(here.rglob("*"))
    out = here / "made" / f"{name}.v"
    document = hadacast("generate", "-o", out, "--json", "--", path).document
    assert set(here.rglob("*")) - before == {out}
    assert re.fullmatch(r"hadacast_[a-z][a-z0-9_]{0,39}", document["module"])
    text = out.read_text()
    assert f"module {document['module']}(" in text
    assert "trapped" not in re.sub(rf"{document['module']}|_touch_trapped\w*", "", text)


@pytest.mark.parametrize("name", SOME, ids=ascii)
def test_data_and_reports_of_that_name(hadacast, here, codes, name):
    (here / f"{name}.npy").write_bytes((here / "x.npy").read_bytes())
    out = here / f"{name}.html"
    data = f"--data={name}.npy"
    hadacast("evaluate", "small.toml", data, "--out", out)
    check_page(out.read_text(errors="surrogateescape"))
    y, waves = here / f"{name}.out.npy", here / f"{name}.vcd"
    hadacast("simulate", "small.toml", data, "--frames=2", "--out", y, "--waves", waves, "--json")
    spec = recipes.load("small.toml").pipeline
    assert np.array_equal(np.load(y), spec.compute(codes.reshape(-1, 8)[:2]))
    assert waves.stat().st_size > 100
    assert not [path for path in here.iterdir() if path.name.startswith(".part")]


class Page(HTMLParser):
    """Finds what a browser would run or fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        run = [
            name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "").lower()
        ]
        fetched = [name for name, value in attrs if name == "src" and not (value or "").startswith("data:")]
        if tag in ("script", "iframe", "object", "embed", "link") or run or fetched:
            self.found.append((tag, attrs))


def check_page(text: str) -> None:
    page = Page()
    page.feed(text)
    assert page.found == []


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7 * 7 }} {% raw %} */ --> $\\\\frac{ ' \\\\"
TEXTS = f"""
title = "{EVIL}"
source = "synopsys translate_off {EVIL}"
"""


def test_texts_in_reports_and_verilog(hadacast, here, codes):
    """Two recipes of one name, so that their paths stand in plots; paths with what TeX would read."""
    method = f"[method]\nsystem = '''{EVIL}'''\nonline = '''{EVIL}'''\n"
    method += f"oracle = '''{EVIL}'''\nleft_out = '''{EVIL}'''\n"
    content = TEXTS + (here / "small.toml").read_text() + method
    content = content.replace('kind = "cast"', 'kind = "quantize"\ncode = "int4"\nscale = "maximum"\n')
    content += '[[stage]]\nkind = "pack"\n'
    paths = []
    for folder in ("$\\frac{", "<b onclick=alert(1)>"):
        (here / folder).mkdir()
        paths.append(here / folder / "r.toml")
        paths[-1].write_text(content)
    hadacast("evaluate", *paths, "--data", "x.npy", "--out", "r.html")
    text = (here / "r.html").read_text()
    check_page(text)
    assert "49" not in re.findall(r"onerror=alert\(1\)&gt; (\S+)", text)
    hadacast("generate", paths[0], "-o", "core.v")
    verilog = (here / "core.v").read_text()
    comments = [line for line in verilog.splitlines() if "alert" in line]
    assert comments
    assert all(re.match(r"// (hadacast_r|Source): ", line) for line in comments)
    log = yosys.run("read_verilog core.v\nhierarchy -top hadacast_r\nstat", cwd=here)
    assert "hadacast_r" in log
    if shutil.which("iverilog"):
        subprocess.run(["iverilog", "-g2001", "-o", os.devnull, "core.v"], cwd=here, check=True)


@pytest.mark.parametrize("name", ["module", "aclk"])
def test_names_that_verilog_knows(hadacast, here, name):
    hadacast("generate", "small.toml", "--set", f"name={name}", "-o", "core.v")
    assert "hadacast_" + name in yosys.run(
        f"read_verilog core.v\nhierarchy -top hadacast_{name}\nstat", cwd=here
    )


@pytest.mark.parametrize(
    "name", ["a b", "A", "a;b", "a\nb", "", "1a", "a" * 41, "é", "a.b", "../a", "$x", "-a", "a\\"]
)
def test_names_that_are_none(fails, here, name):
    text = fails("generate", "small.toml", "--set", f"name={json.dumps(name)}")
    assert "it must be 1 to 40 of a-z" in text


@pytest.mark.parametrize(
    "name", [*NAMES[1:12:3], "../ulx3s_85f", "ulx3s_85f.py", "__init__", "a\0b", "é" * 3000]
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "small.toml", "--board"),
        ("synth", "small.toml", "--device"),
        ("simulate", "small.toml", "--simulator"),
        ("generate", "small.toml", "--family"),
        ("cells", "small.toml", "--liberty"),
        ("explore", "small.toml", "--axis"),
        ("show",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_names_of_boards_and_the_like(fails, here, arguments, name):
    before = set(here.rglob("*"))
    assert fails(*arguments, name).isprintable()
    assert set(here.rglob("*")) == before


# Scripts of Yosys: a line break or a semicolon in a name would begin a command.


@pytest.mark.parametrize("name", [name for name in NAMES if name != ".."], ids=ascii)
def test_file_names_in_scripts_of_yosys(here, name, capsys):
    """The program `yosys` reads a file of that name, or says that it can't; it runs nothing."""
    path = here / f"{name}.v"
    path.write_text("module found; endmodule\n")
    status = yosys.main(["-q", "-o", str(here / "made.il"), "--", str(path)])
    if status:
        assert "ERROR: file name" in capsys.readouterr().err
        assert re.search(r'["\\]|[^ -~]', name)
    else:
        assert "found" in (here / "made.il").read_text()


CELLS = [
    "x; exec -- touch trapped",
    "a\nexec -- touch trapped\n",
    "a b",
    "-D",
    "$(touch trapped)",
    "",
    '"',
    "é",
]


@pytest.mark.parametrize("name", CELLS, ids=ascii)
def test_cells_of_a_library(here, name):
    """Names of cells get into scripts, as those that mapping may not use."""
    text = PATH.read_text()
    first = next(iter(LIBRARY.cells))
    changed = text.replace(f"cell({first})", f'cell("{name.replace(chr(34), "%")}")')
    assert changed != text
    (here / "evil.lib").write_text(changed)
    with pytest.raises(HadacastError, match="a name must be letters"):
        liberty.read(here / "evil.lib")


def test_output_folders(here):
    for name in NAMES:
        if name in ("..", "~root"):
            continue
        with files.Staging(Path("out", name)) as staging:
            files.write(staging.part / "file", name)
            staging.publish()
        assert (here / "out" / name / "file").read_text(errors="surrogateescape") == name.encode(
            errors="replace"
        ).decode()


def test_no_shell():
    """No program is started through one."""
    found = []
    for root in package.__path__:
        for path in Path(root).rglob("*.py"):
            text = path.read_text()
            if not re.search(r"shell|system|popen|eval|exec|pickle", text):
                continue
            for node in ast.walk(ast.parse(text)):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func)
                shell = [k for k in node.keywords if k.arg == "shell"]
                if shell or name in ("os.system", "os.popen", "eval", "exec", "pickle.load", "pickle.loads"):
                    found.append(f"{path.name}: {name}")
    assert set(found) <= {"gates.py: exec"}  # of expressions, below


PARTS = ["A", "B", "!", "'", "(", ")", "^", "&", "*", "+", "|", " ", "0", "1", "v", "[1]", ";", "\n"]


@given(st.lists(st.sampled_from(PARTS)))
def test_functions_of_a_library(parts):
    """They become expressions of Python, of nets and operators alone."""
    text = ""
    with suppress(HadacastError):
        text = expression.python("".join(parts), {"A": "v[0]", "B": "v[1]"})
    assert re.fullmatch(r"(v\[[01]\]|ONES|[0()&|^ ])*", text)


CALL = "__import__('os').mkdir('trapped')"


@pytest.mark.parametrize("function", ["(" * 9000, "!" * 9000, CALL, "A;B", "A\nB="], ids=lambda f: f[:9])
def test_functions_that_are_none(function):
    with pytest.raises(HadacastError, match=r"^function"):
        expression.python(function, {"A": "v[0]", "B": "v[1]"})
