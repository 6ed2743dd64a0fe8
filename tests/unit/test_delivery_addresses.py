from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from actions.delivery.addresses import CheckedResolver, check_url, is_allowed
from knowledge.errors import DeliveryFailed, NotReady


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.1.2.3",
        "64:ff9b::a01:203",
        "2002:a01:203::1",
    ],
)
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_allowed(ip_address(address), "public")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_allowed(ip_address(address), "public")


@pytest.mark.parametrize(
    ("address", "is_private"),
    [("10.1.2.3", True), ("127.0.0.1", False), ("169.254.169.254", False)],
)
def test_our_own_network_is_without_this_machine_and_its_cloud(
    address: str, is_private: bool
) -> None:
    assert is_allowed(ip_address(address), "private") is is_private


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/hook",
        "ftp://crm.example/hook",
        "https://user:password@crm.example/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https:///hook",
        "hook",
    ],
)
def test_an_unsafe_address_is_refused_at_start(url: str) -> None:
    with pytest.raises(NotReady):
        check_url(url, "public")


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    check_url("http://127.0.0.1:3000/hook", "loopback")

    with pytest.raises(NotReady, match="no loopback address"):
        check_url("http://10.0.0.1/hook", "loopback")


class Names(AbstractResolver):
    """A name service with one answer."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=family, proto=0, flags=0
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        return None


async def test_a_name_is_connected_to_at_its_allowed_addresses_only() -> None:
    resolver = CheckedResolver("public", Names("10.0.0.1", "93.184.215.14"))

    found = await resolver.resolve("crm.example", 443)

    assert [each["host"] for each in found] == ["93.184.215.14"]


async def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    resolver = CheckedResolver("public", Names("127.0.0.1"))

    with pytest.raises(DeliveryFailed, match="has no public address"):
        await resolver.resolve("crm.example", 443)
