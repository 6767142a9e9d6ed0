"""Where a request comes from: its address, and whose address that is."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

_NETWORK_BITS = 64  # of which each customer has at least one whole


def address_of(request: Request) -> str:
    """The address that the request came from, as the proxy in front of us tells it where there is one."""
    return request.client.host if request.client else ""


def network_of(address: str) -> str:
    """Whose address this is, as far as one can tell: of IPv6 the network of 64 bits, else the address itself."""
    try:
        known = ip_address(address)
    except ValueError:  # a socket of this machine has none
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(IPv6Network((known, _NETWORK_BITS), strict=False))
    return str(known)
