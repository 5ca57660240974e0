"""Opens a serial port, with every failure told in one line."""

import errno
import os
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError


def open_port(name: str, baud: int) -> Any:
    """The opened `serial.Serial` for a device name such as /dev/ttyUSB0 or COM3, or a pyserial URL.

    Raises HadacastError if pyserial isn't installed, or if the port is missing, taken, or not
    allowed to this user.
    """
    checks.integer("baud", baud, 300, 20_000_000)
    try:
        import serial
    except ModuleNotFoundError:
        raise HadacastError("talking to a board needs pyserial: pip install 'hadacast[talk]'") from None
    try:
        return serial.serial_for_url(name, baudrate=baud, timeout=0.05, **_exclusive(name))
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise HadacastError(f"port {name!r} can't be opened: {_reason(error)}") from None


def _exclusive(name: str) -> dict[str, bool]:
    # Two programs on one port would take each other's replies. URLs don't know the option.
    return {"exclusive": True} if os.name == "posix" and "://" not in name else {}


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return "permission denied (on most Linux systems: sudo usermod -aG dialout $USER, then log in again)"
    if number == errno.ENOENT:
        return f"there is no such device; serial ports here: {', '.join(ports()) or 'none'}"
    if "exclusively lock" in str(error) or number in (errno.EAGAIN, errno.EBUSY):
        return "another program holds it"
    return " ".join(str(error).split())


def ports() -> list[str]:
    """Names of this machine's serial ports. Raises HadacastError if pyserial isn't installed."""
    try:
        from serial.tools import list_ports
    except ModuleNotFoundError:
        raise HadacastError("talking to a board needs pyserial: pip install 'hadacast[talk]'") from None
    return sorted(port.device for port in list_ports.comports())
