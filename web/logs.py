"""The log: one JSON object per line on standard error, or coloured lines on a terminal."""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def set_up(level: str) -> None:
    """Configure structlog and the standard library's loggers alike, from this level on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    is_terminal = sys.stderr.isatty()
    renderers: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=_print_exception)]
        if is_terminal
        else [structlog.processors.ExceptionRenderer(without_values), structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # The pool logs each failed reconnect with a traceback; the unavailable database is in the log already.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    # A client with another protocol gets an error; aiohttp would also log what it sent.
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
    root.setLevel(level)


def without_values(exc_info: ExcInfo) -> str:
    """
    Format an exception by its types and source lines, without messages and variables.

    Messages of database errors contain values of rows: personal data and secrets.
    """
    return "".join(_exception_lines(exc_info[1])).rstrip()


def _exception_lines(error: BaseException) -> list[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_exception_lines(earlier), "\nwhich led to\n\n"] if earlier else []
    lines += ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}\n")
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += ["\none of them:\n\n", *_exception_lines(each)]
    return lines


def _print_exception(out: TextIO, exc_info: ExcInfo) -> None:
    out.write(f"\n{without_values(exc_info)}")
