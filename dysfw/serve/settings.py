"""Settings of a server: where it listens, who may use it, and its limits."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field

MIB = 2**20
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only.

    Args:
        host: A host name or an IP address.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a server.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        token: Token that requests must present; None for no authentication.
        hosts: Other names by which clients reach the server.
        max_upload: Maximum size of a request in bytes.
        max_images: Maximum number of images per request.
        max_requests: Maximum number of concurrent requests, which are all in memory; excess requests get 503.
        upload_timeout: Seconds within which a request must arrive.
        prediction_timeout: Seconds within which a request must be answered after it arrived.
        keep_minutes: Minutes that an image is kept in memory after it was last used.
        keep_memory: Maximum memory of all kept images in bytes; the least recently used go first.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default_factory=lambda: secrets.token_urlsafe(24))
    hosts: frozenset[str] = frozenset()
    max_upload: int = 64 * MIB
    max_images: int = 16
    max_requests: int = 16
    upload_timeout: float = 30.0
    prediction_timeout: float = 120.0
    keep_minutes: float = 30.0
    keep_memory: int = 512 * MIB

    @property
    def names(self) -> frozenset[str]:
        """Names that a request's Host header may contain.

        IP addresses are always allowed: with DNS rebinding an attacker can point only a name of their own to this server, and
        requests then carry that name.
        """
        return LOOPBACK_NAMES | self.hosts | {self.host}
