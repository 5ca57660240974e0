"""The retired nextpnr-gowin's command line over its successor."""

import subprocess

import pytest

from hadacast.errors import HadacastError
from hadacast.tools import gowin


def test_family_and_cst_become_options_of_the_architecture():
    before = ["--quiet", "--family", "GW1N-9C", "--json", "a.json", "--cst=pins.cst"]
    after = ["--quiet", "--vopt", "family=GW1N-9C", "--json", "a.json", "--vopt", "cst=pins.cst"]
    assert gowin.translate(before) == after


def test_a_lost_value_is_an_error():
    with pytest.raises(HadacastError, match="--cst needs a value"):
        gowin.translate(["--cst"])


def test_the_shim_is_a_program_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = gowin.shim()
    assert path.startswith(str(tmp_path))
    assert gowin.shim() == path
    done = subprocess.run([path, "--family"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "ERROR: --family needs a value\n"


def test_the_shim_reports_an_unwritable_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(HadacastError, match="set XDG_CACHE_HOME"):
        gowin.shim()
