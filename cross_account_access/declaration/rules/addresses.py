"""Ranges of addresses that requests to AWS can come from."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER: Final = {
    ipaddress.ip_network(text): what
    for what, texts in {
        "a private range": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        "a range of this host": ("0.0.0.0/8", "127.0.0.0/8"),
        "a link-local range": ("169.254.0.0/16",),
        "a range behind a provider's own translation of addresses": ("100.64.0.0/10",),
        "a multicast range": ("224.0.0.0/4",),
        "a reserved range": ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4"),
    }.items()
    for text in texts
}
"""What no request comes from, whoever sends it.

The ranges for documentation, like 203.0.113.0/24, are not among them: an example that is to be
deployed must name a range, and any other is somebody's. Copied, they let nobody in.

Source: "IANA IPv4 Special-Purpose Address Registry",
https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml.
"""
_PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is routed between networks.

Source: "Internet Protocol Version 6 Address Space",
https://www.iana.org/assignments/ipv6-address-space/ipv6-address-space.xhtml.
"""
_WIDEST: Final = {4: 8, 6: 32}
"""The shortest prefix by version; S3 takes a policy that names a wider range as a public one.

Source: "Blocking public access to your Amazon S3 storage",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
"""


def ip_range(value: str) -> str | None:  # noqa: PLR0911 - each kind of range has its reason
    """A CIDR range that `aws:SourceIp` can be in.

    Source: "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    example = "as in 203.0.113.0/24"
    if not re.fullmatch(r"[0-9A-Fa-f.:]+(?:/(?:0|[1-9]\d{0,2}))?", value, re.ASCII):
        return (
            "must be an address, with the length of its prefix where it is a range, without a "
            f"mask or a zone, {example}"
        )
    try:
        network: _Network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"must be a range of IP addresses, {example}"
    address = ipaddress.ip_address(value.partition("/")[0])
    if network.network_address != address:
        return (
            "must be a range of IP addresses, and has bits beyond its prefix; write "
            f"{network} for the range or {address} for the address"
        )
    if network.prefixlen == 0:
        return "is every address; leave source_ips out where any will do"
    for never, what in _NEVER.items():
        if network.version == never.version and network.subnet_of(never):  # type: ignore[arg-type] # of one version
            return f"is {what}; write the public address that requests come from, which AWS sees"
    if isinstance(network, ipaddress.IPv6Network) and not network.subnet_of(_PUBLIC_IPV6):
        return (
            "is no public range (those of IPv6 are below 2000::/3); write the public address that "
            "requests come from, which AWS sees"
        )
    if network.prefixlen < _WIDEST[network.version]:
        return (
            f"is wider than /{_WIDEST[network.version]}, which S3 takes as everybody; name the "
            "ranges that requests come from"
        )
    return None


def all_ranges(values: Sequence[str]) -> str | None:
    """Ranges, each of them right, that do not together say every address in pieces."""
    whole = ipaddress.IPv4Network("0.0.0.0/0")
    ipv4 = [ipaddress.IPv4Network(value) for value in values if ":" not in value]
    apart = ipaddress.collapse_addresses(ipv4)
    if sum(each.num_addresses for each in apart) > whole.num_addresses / 4:
        return (
            "are a large part of all addresses together; name the ranges that requests come from, "
            "or leave source_ips out where any will do"
        )
    return None
