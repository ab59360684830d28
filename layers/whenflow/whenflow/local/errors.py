"""What can go wrong in the local room."""


class LocalError(Exception):
    """It did not work. The message is for a person and says what to do."""
