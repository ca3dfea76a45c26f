"""The mark of messages that are translated where they are shown. A leaf: everything may import it."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for extraction where it can't be translated yet."""
    return message
