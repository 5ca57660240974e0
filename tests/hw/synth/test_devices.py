"""The devices."""

import dataclasses

import pytest

from hadacast.errors import HadacastError
from hadacast.synth.devices import DEVICES, FLOWS, device


def test_the_device_of_the_peers_figures():
    ecp5 = device("ecp5-85k")
    assert (ecp5.title, ecp5.package, ecp5.speed, ecp5.freq) == ("LFE5U-85F", "CABGA756", "6", 400)
    hx8k = device("ice40-hx8k")
    assert (hx8k.package, hx8k.freq, hx8k.synth) == ("ct256", 300, "-device hx")


def test_names_and_families_agree():
    for name, item in DEVICES.items():
        assert item.name == name
        assert item.flow is FLOWS[item.family]


def test_a_device_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        device("ecp5-85k").freq = 1  # type: ignore[misc]


def test_unknown_device():
    with pytest.raises(HadacastError, match=r"unknown device 'artix': one of ecp5-85k, .*gw1nr-9c"):
        device("artix")
