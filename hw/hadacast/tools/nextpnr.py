"""What every run of nextpnr is given, and what its log says of one that failed for lack of room."""

from pathlib import Path

# The placer weighs timing against wire length. With nextpnr's own 10 the registers of a stall span spread
# over the device and their common enable with them: pipelines of 5,000 cells lose a quarter of their clock
# to it, cores of 1,000 nothing.
PLACER = ("--placer-heap-timingweight", "30")


def lacking(log: Path, error: str) -> str:
    """What a failed run lacked room for, such as "9,000 of 7,680 ICESTORM_LC"; empty if it failed otherwise.

    log: nextpnr's, which need not exist. error: its error message.
    """
    sites = [site for site in _sites(log) if site[2]]
    wanted = [site for site in sites if site[1] > site[2]]
    if not wanted and "legal placement" in error:  # full enough that the placer found no way
        wanted = [max(sites, key=lambda site: site[1] / site[2])] if sites else []
    return " and ".join(f"{used:,} of {available:,} {kind}" for kind, used, available in wanted)


def _sites(log: Path) -> list[tuple[str, int, int]]:
    """Kind, used and available of each line of the utilisation table in the log."""
    table = []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    for line in lines:
        fields = line.removeprefix("Info:").replace(":", " ").replace("/", " ").split()
        if len(fields) == 4 and fields[3].endswith("%") and fields[1].isdigit() and fields[2].isdigit():
            table.append((fields[0], int(fields[1]), int(fields[2])))
    return table
