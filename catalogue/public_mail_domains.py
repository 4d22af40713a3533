"""Mail services that anybody can have an address at: no company can own their domains."""

from pathlib import Path
from typing import Final

_LINES = (Path(__file__).parent / "mail_domains.txt").read_text("utf-8").splitlines()
PUBLIC_DOMAINS: Final = frozenset(line for line in _LINES if line and not line.startswith("#"))
