"""Which network an IP address belongs to, also when one is wrapped in another."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
_NAT64 = IPv6Network("64:ff9b::/96")
# Reserved for protocols, or of a host's own cloud though they look public: what
# answers there tells a machine its secrets.
_OF_THE_CLOUD = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet."""
    address = unwrapped(address)
    return address.is_global and not _is_special(address)


def is_private(address: Address) -> bool:
    """Whether an address belongs to a network of our own, beyond this very machine."""
    address = unwrapped(address)
    return address.is_private and not address.is_loopback and not _is_special(address)


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo or (None, address))[1]


def _is_special(address: Address) -> bool:
    """Whether an address is of many hosts, of none, or only of a neighbour."""
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    return (
        is_site_local
        or any(address in network for network in _OF_THE_CLOUD)
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )
