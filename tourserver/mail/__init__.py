"""Outbox, rendering, sending and the development mailbox: plain values, no session, no registration."""
