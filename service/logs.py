"""The log: one JSON object a line on stderr, for a person with `jq` and for a collector alike."""

import logging
import sys

import structlog


def configure(level: int = logging.INFO) -> None:
    """Write what is at least of this level; a failure with its trace, but without the values of its variables."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
