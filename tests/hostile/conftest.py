"""What hostile tests share with those of the web."""

from tests.web.conftest import client

__all__ = ["client"]
