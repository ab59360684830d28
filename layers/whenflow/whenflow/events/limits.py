"""The limits of an event (SPEC 1.2). Over a limit an event is refused with a reason, never cut and never dropped."""

MAX_NAME_CHARS = 1024
MAX_LABELS = 500
MAX_RELATED = 100
MAX_EVENT_BYTES = 1_500_000
MAX_DEPTH = 100
