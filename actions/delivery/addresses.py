"""Which addresses may be written to: never one inside our own network by accident.

A name is resolved once, and the connection goes to the very addresses that were
checked; redirections are not followed.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from knowledge.errors import DeliveryFailed, NotReady
from knowledge.networks import Address, is_private, is_public, unwrapped

Network = Literal["public", "private", "loopback"]


def check_url(url: str, network: Network) -> None:
    """Refuse, when the service starts, an address that is never safe.

    Raises:
        NotReady: Not https, or an address outside of `network`; says what is wanted.
    """
    if network not in get_args(Network):
        raise NotReady(f"network must be public, private or loopback, got {network!r}")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as exc:
        raise NotReady(f"{url!r} is no address") from exc
    schemes = ("https", "http") if network == "loopback" else ("https",)
    if parts.scheme not in schemes or not host:
        raise NotReady(f"the address must begin with https://, got {url!r}")
    if parts.username or parts.password or parts.fragment:
        raise NotReady(f"the address of {host} must hold no password and no fragment")
    try:
        literal = ip_address(host)
    except ValueError:
        return
    if not is_allowed(literal, network):
        raise NotReady(f"{host} is no {network} address; see `network` of the delivery")


def is_allowed(address: Address, network: Network) -> bool:
    """Whether this address lies in `network`; private ones include the public ones."""
    if network == "loopback":
        return unwrapped(address).is_loopback
    return is_public(address) or (network == "private" and is_private(address))


class CheckedResolver(AbstractResolver):
    """Finds the addresses of a name and keeps those that are allowed."""

    def __init__(
        self, network: Network, resolver: AbstractResolver | None = None
    ) -> None:
        """Ask `resolver`, the system's by default."""
        self._network: Network = network
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """The allowed addresses of `host`.

        Raises:
            DeliveryFailed: There are none.
        """
        found = await self._resolver.resolve(host, port, family)
        allowed = [
            each
            for each in found
            if is_allowed(ip_address(each["host"]), self._network)
        ]
        if not allowed:
            raise DeliveryFailed(f"{host} has no {self._network} address")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()
