"""Leaves external IDs out of what is written, for logs and comments that others read.

AWS regards none as a secret, but readers of logs need none, and may be many.
"""

import os
import re
from typing import Final

VARIABLE: Final = "ACCESS_HIDE_EXTERNAL_IDS"
"""Of the environment; anything but nothing asks for it."""
_HIDDEN: Final = "***"
# The condition key, the setting, the option of AWS CLI, the name in profiles and in JSON.
_NAME: Final = r"\b(?:more_)?external[_-]?ids?\b(?:\[\d+\])?"
_QUOTED: Final = r"""\\*"[^"]*"|'[^']*'"""
_IDS: Final = re.compile(
    # Documents, settings and JSON, in which a document may stand as text.
    rf"""({_NAME}[\\"']*\s*:\s*)(?:\[[^\]]*\]|{_QUOTED})"""
    # Circumstances in words, profiles and commands.
    rf"|({_NAME}(?:\s*=\s*|\slike\s)|--external-id\s+|\b(?:with|and)\sexternal\sID\s)"
    rf"(?:{_QUOTED}|[^\s;|<>]+)",
    re.IGNORECASE,
)


def hidden(text: str) -> str:
    """Return a text without the external IDs, where the environment asks for that."""
    if not os.environ.get(VARIABLE):
        return text
    return _IDS.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", text)
