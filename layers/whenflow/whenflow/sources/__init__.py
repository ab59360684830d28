"""Sources: what AWS tells through EventBridge becomes an event. Pure."""

from whenflow.sources.eventbridge import event_from_eventbridge
from whenflow.sources.receive import NotificationReceiver

__all__ = ["NotificationReceiver", "event_from_eventbridge"]
