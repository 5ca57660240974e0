"""`talk`, against a board at the other end of a pseudo-terminal."""

import os
import pty
import threading
import tty

import numpy as np
import pytest

from hadacast import recipe as recipes
from hadacast.talk import protocol
from hadacast.talk.protocol import Descriptor, Packet, Receiver, Request, Status


class Board(threading.Thread):
    """Answers as a board does; `error` is added to the first element of every result."""

    def __init__(self, spec, error=0):
        super().__init__(daemon=True)
        self.spec, self.error = spec, error
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.name_of_port = os.ttyname(slave)
        self.slave = slave

    def run(self):
        receiver = Receiver()
        while True:
            try:
                chunk = os.read(self.master, 4096)
            except OSError:
                return
            for packet in receiver.feed(chunk):
                if isinstance(packet, Packet):
                    os.write(self.master, self.answer(packet))

    def answer(self, packet):
        if packet.head == Request.IDENTIFY:
            return protocol.enclose(Status.IDENTITY, packet.tag, Descriptor.of(self.spec).pack())
        result = self.spec.compute(protocol.unpack(packet.body, self.spec.input))
        result[0] += self.error
        return protocol.enclose(Status.OK, packet.tag, protocol.pack(result, self.spec.output))

    def close(self):
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def board(here):
    boards = []

    def make(**options):
        boards.append(Board(recipes.load("small.toml").pipeline, **options))
        boards[-1].start()
        return boards[-1].name_of_port

    yield make
    for item in boards:
        item.close()


def test_talk(hadacast, here, codes, board):
    found = hadacast("talk", board(), "small.toml", "--data", "x.npy", "-o", "y.npy", "--json").document
    assert found["schema"] == "hadacast.talk/1"
    assert (found["ok"], found["mismatches"], found["samples"], found["retries"]) == (True, 0, 48, 0)
    spec = recipes.load("small.toml").pipeline
    assert np.array_equal(np.load(here / "y.npy"), spec.compute(codes.reshape(-1, 8)).reshape(3, 16))


def test_a_wrong_board(hadacast, here, codes, board):
    outcome = hadacast("talk", board(error=1), "small.toml", "--data", "x.npy", "-o", "y.npy", status=1)
    right = recipes.load("small.toml").pipeline.compute(codes.reshape(-1, 8))[0, 0]
    assert "6 mismatches in 48 samples; first: frame 0, element 0" in outcome.error
    assert f"{right + 1} came back, {right} is right" in outcome.error
    assert "WRONG" in outcome.stdout
    assert not (here / "y.npy").exists()


def test_another_core(fails, codes, board):
    text = fails("talk", board(), "small.toml", "-p", 4, "--data", "x.npy")
    assert "the board holds another core than 'small'" in text


@pytest.mark.parametrize(
    ("port", "options", "said"),
    [
        ("/dev/nosuch", (), "there is no such device"),
        ("small.toml", (), "port 'small.toml'"),
        ("/dev/nosuch", ("--baud", "5"), "baud is 5"),
        ("/dev/nosuch", ("--data", "nosuch.npy"), "does not exist"),
    ],
)
def test_bad_ports(fails, codes, port, options, said):
    assert said in fails("talk", port, "small.toml", "--data", "x.npy", *options)
