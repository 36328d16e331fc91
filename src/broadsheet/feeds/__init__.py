"""Feeds: bytes in, feed and entries out. Nothing here opens a socket or a file, and nothing reads a clock."""
