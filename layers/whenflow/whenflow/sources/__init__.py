"""Sources: what AWS tells (EventBridge, S3, Kafka's event source mapping) becomes an event. Pure but for ports."""

from whenflow.sources.interpret import FAILED, Misread, interpret, source_for
from whenflow.sources.invocation import notices_of
from whenflow.sources.model import Source, source_from_document, source_from_stored
from whenflow.sources.receive import NotificationReceiver, SourceDirectory

__all__ = [
    "FAILED",
    "Misread",
    "NotificationReceiver",
    "Source",
    "SourceDirectory",
    "interpret",
    "notices_of",
    "source_for",
    "source_from_document",
    "source_from_stored",
]
