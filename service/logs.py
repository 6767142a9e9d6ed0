"""The log: one JSON object a line on stderr, for a person with `jq` and for a collector alike."""

import logging
import sys

import structlog
from structlog.typing import Processor


def configure(level: int = logging.INFO) -> None:
    """Write what is at least of this level; a failure with its trace, but without the values of its variables.

    What the libraries say goes the same way, warnings and worse.
    """
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    written = structlog.processors.JSONRenderer(ensure_ascii=False)
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(structlog.stdlib.ProcessorFormatter(written, foreign_pre_chain=before))
    logging.basicConfig(level=logging.WARNING, handlers=[libraries], force=True)
    structlog.configure(
        processors=[*before, written],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
