"""Which addresses somebody else's server may have: public ones (SECURITY: outgoing calls)."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from whenflow.errors import Rejected

REFUSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",  # NAT64: an IPv4 address, perhaps a private one, in the guise of a public IPv6 address
        "64:ff9b:1::/48",
        "100::/64",  # discard
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2002::/16",  # 6to4: as NAT64
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, of old
        "ff00::/8",
    )
)
UNICAST = ip_network("2000::/3")
"""Where all public IPv6 addresses are; IPv4 addresses in other guises, private ones among them, are outside."""
NEVER = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("fd00:ec2::/32"))
"""Where AWS keeps credentials: not even a target that allows private addresses gets there."""


def check_address(text: str, *, allow_private: bool = False) -> None:
    """Refuse an address that is not public.

    Args:
        text: The address, as a resolver gives it; an IPv6 address may carry a zone.
        allow_private: Whether private ones will do as well. Link-local ones never do: AWS keeps credentials there.

    Raises:
        Rejected: With the kind of the address.
    """
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in NEVER if network.version == address.version):
        raise Rejected("it has a link-local address, where AWS keeps credentials")
    if allow_private:
        return
    if kind := _kind(address):
        raise Rejected(f"it has {kind}, and only public addresses may be called")


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    """Return what is wrong with an address, or None for a public one."""
    if address.is_unspecified:
        return "no real address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_private:
        return "a private address"
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return "an address for special use"
    if not address.is_global or any(address in network for network in REFUSED if network.version == address.version):
        return "an address for special use"
    return None
