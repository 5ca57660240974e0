"""What a report is: a JSON document whose `schema` names its version."""

import os
from contextlib import suppress
from datetime import UTC, datetime

SCHEMA = "hadacast.report/1"


def date() -> str:
    """Now, in UTC; SOURCE_DATE_EPOCH sets it, for reports that can be made again to the byte."""
    moment = datetime.now(UTC)
    with suppress(KeyError, ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
