"""What ends a flow from outside. No `except Exception` of a flow's author catches it."""


class Interrupted(BaseException):
    """The flow is to stop here."""


class RunCancelled(Interrupted):
    """The flow run was cancelled."""


class RunSuspended(Interrupted):
    """The flow run was suspended: its process ends, and it is started anew when it is resumed."""
