"""What a server is told: where it listens, who may ask, and how much."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field

MIB = 2**20
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Settings:
    """host, port: where to listen. token: asked of everybody; None asks nobody. hosts: other names by which clients reach the
    server. upload: bytes of one request. photographs: of one request. waiting: requests that may be under way together, all in
    memory; others are asked to come back. upload_seconds: a request must have arrived by then; judging_seconds: and must be
    answered by then."""

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default_factory=lambda: secrets.token_urlsafe(24))
    hosts: frozenset[str] = frozenset()
    upload: int = 64 * MIB
    images: int = 16
    waiting: int = 16
    upload_seconds: float = 30.0
    judging_seconds: float = 120.0

    @property
    def names(self) -> frozenset[str]:
        """What may stand in a request's Host. Addresses may always: an attacker's page can only make a name of its own point
        here, and its requests then carry that name."""
        return LOOPBACK_NAMES | self.hosts | {self.host}
