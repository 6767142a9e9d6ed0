"""Where a web hook may be: an address of the public network, so that nobody reaches our own network through us."""

import ipaddress
import socket
from urllib.parse import urlsplit


class NotAllowed(Exception):
    """Nothing is posted to this address."""

    def __init__(self, why: str) -> None:
        """Say why, and what to do."""
        super().__init__(why)


def resolved(url: str, *, inside: bool) -> str:
    """The address that the host of the URL has now, to connect to and no other.

    `inside` lets it be one that is not public, and without encryption: for a closed network.

    Raises NotAllowed, also where any of its addresses is not public.
    """
    host, port = _host_and_port(url, inside=inside)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise NotAllowed(f"The host {host} has no address; check how it is written.") from fault
    addresses = [str(each[4][0]) for each in found]
    for each in addresses:
        if not inside and not _is_public(each):
            raise NotAllowed(
                f"{host} is {each}, which is no address of the public network; give one that is. On a closed network an"
                " operator sets CHISO_HOOKS_INSIDE=yes."
            )
    return addresses[0]


def _host_and_port(url: str, *, inside: bool) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as fault:
        raise NotAllowed("This is no URL; write https://host/path.") from fault
    schemes = ("https", "http") if inside else ("https",)
    if parts.scheme not in schemes or not host or not url.isprintable() or " " in url:
        raise NotAllowed("A web hook is posted to https:// and a host, such as https://example.gov.vn/chiso.")
    if parts.username is not None or parts.fragment:
        raise NotAllowed("A web hook's URL has no name, no password and no fragment; what is signed needs no password.")
    return host, port or (443 if parts.scheme == "https" else 80)


def _is_public(written: str) -> bool:
    address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # An address of version 4 in the clothes of version 6: mapped, 6to4, Teredo, NAT64.
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address.sixtofour or address.teredo or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
