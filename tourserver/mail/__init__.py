"""Mail: an outbox filled in the transaction of the change, rendered once, sent by the worker."""
