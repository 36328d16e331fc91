"""Every error that we raise ourselves, in one tree.

BroadsheetError
├── UsageError                 wrong call or configuration: exit code 2
│   └── ConfigError            broadsheet.toml or feeds.opml: file, line, nearest right name
├── LockedError                another run holds the newspaper: exit code 3
├── StoreError                 the database or a blob: missing, damaged, newer than this program
├── EngineError                there is nobody to work: the cluster cannot be had, or is gone
├── FetchError                 the web did not give what was asked
│   ├── AddressRefused         scheme, port or address that we do not talk to
│   ├── TooLarge               more bytes than allowed, on the wire or after decompression
│   ├── TimedOut               no answer in time
│   ├── HttpStatus             an answer, but not a good one
│   └── HostResting            not asked: its host wants to be left alone for now
├── ParseError                 a document is not what it should be
│   ├── NotAFeed               says what it is instead
│   ├── LimitExceeded          a named limit was hit
│   └── CodePicture            a picture is a QR code or the like
├── ExtractError               no article could be made of a page
├── RenderError                a template of the theme failed
└── DeployError                the site could not be sent to where readers find it

Messages name the feed, file or address and say what to do.
"""

from __future__ import annotations


class BroadsheetError(Exception):
    """The root of all our errors; ``exit_code`` is what the command line ends with."""

    exit_code = 1


class UsageError(BroadsheetError):
    """The call cannot be understood."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file cannot be understood; nothing runs on a half-understood file."""


class LockedError(BroadsheetError):
    """Another run holds the lock of this newspaper."""

    exit_code = 3


class StoreError(BroadsheetError):
    """The store is missing, damaged or newer than this program."""


class EngineError(BroadsheetError):
    """There is nobody to do the work: the cluster cannot be had, is gone, or is another version's."""


class FetchError(BroadsheetError):
    """The web did not give what was asked."""


class AddressRefused(FetchError):
    """The scheme, port or address is one that we do not talk to."""


class TooLarge(FetchError):
    """The answer is larger than allowed, on the wire or after decompression."""


class TimedOut(FetchError):
    """No whole answer came in time."""


class HttpStatus(FetchError):
    """The server answered with an error."""

    def __init__(self, message: str, status: int, retry_after: float | None = None, host: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.host = host


class HostResting(FetchError):
    """Nothing was asked: the host wants to be left alone (429), or has had its share of this run (Crawl-delay).

    ``seconds`` is how long it is to be left alone.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class ParseError(BroadsheetError):
    """A document is not what it should be."""


class NotAFeed(ParseError):
    """The document is no feed; the message says what it is instead."""


class LimitExceeded(ParseError):
    """A limit was hit; ``limit`` is its name as ``limits.LIMITS`` and the documentation list it. The message ends with it."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(f"{message} (limit {limit})")
        self.limit = limit


class CodePicture(ParseError):
    """A picture is a QR code or the like; the message is what it says."""


class ExtractError(BroadsheetError):
    """No article could be made of a page."""


class RenderError(BroadsheetError):
    """A template of the theme failed."""


class DeployError(BroadsheetError):
    """The site could not be sent to where readers find it."""
