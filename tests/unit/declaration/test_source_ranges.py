"""Source ranges are public, written as AWS takes them, and less than everybody."""

import pytest

from cross_account_access.declaration.rules.addresses import all_ranges, ip_range
from tests.unit.declaration.stack_file import problems_of, under

RIGHT = [
    *("203.0.113.0/24", "203.0.113.7/32", "203.0.113.7", "3.0.0.0/8", "172.0.0.0/8"),
    *("2001:db8::/32", "2001:DB8::1", "2a00:1450:4001::/48", "2001:db8::1/128"),
]

WRONG = {
    "is a private range": [
        *("10.0.0.0/8", "10.1.2.3", "172.16.0.0/12", "172.31.0.0/16", "192.168.1.0/24"),
    ],
    "is a range of this host": ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/8", "0.0.0.1"],
    "is a link-local range": ["169.254.169.254", "169.254.0.0/16"],
    "is a range behind": ["100.64.0.0/10", "100.100.0.0/16"],
    "is a multicast range": ["224.0.0.0/4", "239.1.2.3"],
    "is a reserved range": ["240.0.0.0/4", "255.255.255.255", "198.18.0.0/15", "192.0.0.0/24"],
    "is no public range": [
        *("::1", "fe80::/10", "fe80::1", "fc00::/7", "fd12:3456::/32", "ff00::/8", "::"),
        *("::ffff:203.0.113.0/120", "64:ff9b::/96"),
    ],
    "is every address": ["0.0.0.0/0", "::/0"],
    "is wider than /8": ["0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "2.0.0.0/7"],
    "is wider than /32": ["2000::/3", "2000::/4", "2a00::/12"],
    "must be a range of IP addresses, and has bits": ["203.0.113.7/24", "2001:db8::1/32"],
    "must be an address, with the length of its prefix": [
        *("203.0.113.0/255.255.255.0", "203.0.113.0/0.0.0.255", "fe80::1%eth0", "fe80::%1/64"),
        *("203.0.113.0/024", "203.0.113.0/", "203.0.113.0 /24", "203.0.113.0-203.0.113.9"),
        *("", "vpn"),
        "2001:db8::/32/32",
    ],
    "must be a range of IP addresses, as in": [
        *("203.0.113/24", "203.0.113.0/33", "300.1.1.1", "1:2/64"),
    ],
}


@pytest.mark.parametrize("value", RIGHT)
def test_accepts_public_ranges_and_addresses(value: str) -> None:
    assert ip_range(value) is None
    assert problems_of(**under(source_ips=[value])) == []


@pytest.mark.parametrize(
    ("value", "why"), [(value, why) for why, values in WRONG.items() for value in values]
)
def test_rejects_what_no_request_comes_from_or_every_one(value: str, why: str) -> None:
    assert str(ip_range(value)).startswith(why)


def test_the_remedy_for_bits_beyond_the_prefix_is_written_out() -> None:
    told = str(ip_range("203.0.113.7/24"))
    assert told.endswith("write 203.0.113.0/24 for the range or 203.0.113.7 for the address")


def test_rejects_every_address_in_pieces() -> None:
    pieces = [f"{first}.0.0.0/8" for first in range(11, 100)]
    assert all(ip_range(piece) is None for piece in pieces)
    (problem,) = problems_of(**under(source_ips=pieces))
    assert problem.startswith("consumers[0].conditions.source_ips: ['11.0.0.0/8', ")
    assert "are a large part of all addresses together" in problem
    assert all_ranges([*pieces[:20], *pieces[:20], "2001:db8::/32"]) is None
