"""The log: one JSON object a line on standard error, or coloured lines where a person reads them."""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def set_up(level: str) -> None:
    """Let structlog and the standard library's loggers write alike, from this level on."""
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
    person = sys.stderr.isatty()
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=_print_exception)]
        if person
        else [structlog.processors.ExceptionRenderer(without_values), structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # The pool tells of each try to connect again, with a traceback; that the database is away is in the log already.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    # A client that speaks another protocol gets told so; aiohttp would write a line with what it sent.
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
    root.setLevel(level)


def without_values(exc_info: ExcInfo) -> str:
    """
    Format an exception by its types and the lines of code it came through.

    Neither what it says nor any variable: a database's complaint names the values of a row, and they are people's data
    and secrets.
    """
    return "".join(_lines(exc_info[1])).rstrip()


def _lines(error: BaseException) -> list[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_lines(earlier), "\nwhich led to\n\n"] if earlier else []
    lines += ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}\n")
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += ["\none of them:\n\n", *_lines(each)]
    return lines


def _print_exception(out: TextIO, exc_info: ExcInfo) -> None:
    out.write(f"\n{without_values(exc_info)}")
