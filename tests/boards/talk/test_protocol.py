"""The packet layout, against Amaranth's CRC catalogue, Python's integers, and itself."""

import numpy as np
import pytest
from amaranth.lib.crc import catalog
from boards.cores import core
from hypothesis import given
from hypothesis import strategies as st

from hadacast.format import Format
from hadacast.talk import protocol
from hadacast.talk.protocol import Descriptor, Packet, PacketError, Receiver


def received(data: bytes) -> list:
    return list(Receiver().feed(data))


@given(st.binary(max_size=40))
def test_crc_is_the_one_the_hardware_is_made_from(data):
    assert protocol.crc16(data) == catalog.CRC16_IBM_3740().compute(data)


def test_crc_check_value():
    assert protocol.crc16(b"123456789") == 0x29B1  # the catalogue's check value


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=60))
def test_packet_survives(head, tag, body):
    wire = protocol.enclose(head, tag, body)
    assert wire[0] == wire[-1] == protocol.END
    assert protocol.END not in wire[1:-1]
    assert received(wire) == [Packet(head=head, tag=tag, body=body)]


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_packet_survives_noise_before_it(noise, body):
    items = received(noise + protocol.enclose(7, 8, body))
    assert items[-1] == Packet(head=7, tag=8, body=body)


@given(st.binary(max_size=30), st.data())
def test_a_changed_byte_never_passes(body, data):
    wire = bytearray(protocol.enclose(1, 2, body))
    place = data.draw(st.integers(1, len(wire) - 2))
    wire[place] ^= data.draw(st.integers(1, 255))
    assert not [item for item in received(bytes(wire)) if isinstance(item, Packet)]


def test_pieces_of_any_size():
    wire = protocol.enclose(1, 2, bytes(range(256)))
    receiver = Receiver()
    items = [item for byte in wire for item in receiver.feed(bytes((byte,)))]
    assert items == [Packet(head=1, tag=2, body=bytes(range(256)))]


def test_empty_packets_are_nothing():
    assert received(bytes((protocol.END,)) * 5) == []


@pytest.mark.parametrize("wire", [b"\xdb\xc0", b"abcd\xdb\xc0", b"abc\xdbx\xc0", b"abc\xc0"])
def test_damage_is_told(wire):
    (item,) = received(wire)
    assert isinstance(item, PacketError)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 23, 32, 33, 63])
@pytest.mark.parametrize("signed", [True, False])
def test_elements_are_little_endian_whole_bytes(width, signed):
    form = Format(width=width, signed=signed)
    codes = np.array([form.min, form.max, 0, form.min // 2, form.max // 3])
    expected = b"".join(int(code).to_bytes(form.bytes, "little", signed=signed) for code in codes)
    assert protocol.pack(codes, form) == expected
    assert protocol.unpack(expected, form).tolist() == codes.tolist()


@pytest.mark.parametrize(("data", "width"), [(b"\x00", 16), (b"\x00\x08", 12), (b"\xff\xf7", 12)])
def test_impossible_elements_are_refused(data, width):
    with pytest.raises(PacketError):
        protocol.unpack(data, Format(width=width))


def test_descriptor_survives():
    spec = core(64, 4, 12, signed=False)
    there = Descriptor.of(spec)
    back = Descriptor.unpack(there.pack())
    assert back == there
    assert (back.frame, back.lanes, back.input, back.output) == (64, 4, spec.input, spec.output)
    assert back.digest.hex() in str(back)
    with pytest.raises(PacketError, match="bytes"):
        Descriptor.unpack(there.pack() + b"x")


def test_digest_tells_cores_apart():
    specs = [core(64, 4, 12), core(64, 2, 12), core(32, 4, 12), core(64, 4, 13)]
    specs += [core(64, 4, 12, signed=False), core(64, 4, 12, registers=2)]
    assert len({protocol.digest(spec) for spec in specs}) == len(specs)
    assert protocol.digest(core(64, 4, 12)) == protocol.digest(core(64, 4, 12))
