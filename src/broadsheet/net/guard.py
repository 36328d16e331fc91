"""Whom we talk to: public addresses on web ports, and the single private targets that the owner named.

Every connection passes here three times: the address text (scheme, port, literal IP), each address that a name
resolves to, and the very address that the socket is about to connect to. The last one is what counts; a name that
changes its answer in between (DNS rebinding) gains nothing.

The table is our own, on packed addresses: ``ipaddress`` of Python 3.11.7 calls 49 special addresses global.
Sources: IANA special-purpose address registries (RFC 6890 and successors), the port block-list of the Fetch standard.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

import ada_url

from broadsheet.errors import AddressRefused

_V4 = [
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
_V4_RANGES = [(int(block.network_address), int(block.broadcast_address)) for block in _V4]

# Only 2000::/3 is global unicast; inside it these are not, or carry an IPv4 address of someone's choosing.
_V6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_V6 = [
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]

_PORTS_REFUSED = frozenset(
    # Fetch standard, "bad port", from 1024 up, and what listens inside networks without a password.
    (1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4244, 5060, 5061, 5432, 5672, 5984,
     6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7001, 7473, 7474, 8500, 9042, 9092, 9100, 9200,
     9300, 10080, 10250, 10255, 11211, 15672, 27017, 27018, 27019, 50070)
)  # fmt: skip


def is_public(packed: bytes) -> bool:
    """Return whether the packed address (4 or 16 bytes, network order) is global unicast."""
    if len(packed) == 4:
        number = int.from_bytes(packed, "big")
        return not any(low <= number <= high for low, high in _V4_RANGES)
    address = ipaddress.IPv6Address(packed)
    return address in _V6_GLOBAL and not any(address in block for block in _V6)


class Guard:
    """Decides on addresses. ``allow_private`` holds ``host:port`` targets that may be private."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._allowed = {item.lower() for item in allow_private}
        self._granted: set[tuple[str, int]] = set()
        """(address, port) that an allowed name resolved to."""

    def check_url(self, url: str) -> tuple[str, str, int]:
        """Return (normal form, host, port) of an address that may be asked, else raise ``AddressRefused``.

        The normal form is the WHATWG one, in which ``0x7f.1`` and its like have become ``127.0.0.1``.
        """
        try:
            parsed = ada_url.URL(url)
        except ValueError:
            raise AddressRefused(f"{url!r} is no address that can be understood") from None
        if parsed.protocol not in ("http:", "https:"):
            raise AddressRefused(f"{url}: only http and https are fetched")
        if parsed.username or parsed.password:
            raise AddressRefused(f"{parsed.host}: an address with a user name or password is not fetched")
        host = parsed.hostname.strip("[]").lower()
        port = int(parsed.port) if parsed.port else (443 if parsed.protocol == "https:" else 80)
        named = f"{parsed.hostname.lower()}:{port}" in self._allowed
        if not named:
            if port not in (80, 443) and (port < 1024 or port in _PORTS_REFUSED):
                raise AddressRefused(f"{url}: port {port} is not a port of web servers")
            packed = packed_address(host)
            if packed is not None and not is_public(packed):
                raise AddressRefused(f"{url}: {host} is a private or special address; {_how_to_allow(host, port)}")
        return parsed.href, host, port

    def check_resolved(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Return those of a name's addresses that may be connected to; raise ``AddressRefused`` when none may."""
        found = list(addresses)
        literal = f"[{host}]" if ":" in host else host
        if f"{literal.lower()}:{port}" in self._allowed:
            self._granted.update((address, port) for address in found)
            return found
        public = [address for address in found if (packed := packed_address(address)) and is_public(packed)]
        if found and not public:
            raise AddressRefused(
                f"{host} leads to {found[0]}, a private or special address; {_how_to_allow(host, port)}"
            )
        return public

    def check_socket(self, address: str, port: int) -> None:
        """Raise ``AddressRefused`` unless the address that is about to be connected to may be."""
        packed = packed_address(address)
        literal = f"[{address}]" if ":" in address else address
        if f"{literal}:{port}" in self._allowed or (address, port) in self._granted:
            return
        if packed is None or not is_public(packed):
            raise AddressRefused(f"{address} is a private or special address; {_how_to_allow(address, port)}")


def packed_address(text: str) -> bytes | None:
    """Return the bytes of a literal IP address, an IPv4 one unwrapped from its mapped form, or None for a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, text.split("%")[0])
        except (OSError, ValueError):
            continue
        if len(packed) == 16 and packed[:12] == b"\0" * 10 + b"\xff\xff":
            return packed[12:]
        return packed
    return None


def _how_to_allow(host: str, port: int) -> str:
    literal = f"[{host}]" if ":" in host else host
    return f'if it is yours, name it in [poll] allow_private = ["{literal}:{port}"]'
