"""The language: SyncML DM messages as typed, immutable values.

Bytes come in, values go out. This room does no I/O, reads no clock, and knows neither mitmproxy nor click.
"""
