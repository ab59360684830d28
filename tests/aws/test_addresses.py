"""Which addresses may be called. The list is that of Svix's webhook client, and what else hides private addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from whenflow.aws.addresses import check_address
from whenflow.errors import Rejected

PRIVATE = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "100.64.0.1", "100.127.255.254",
    "169.254.169.254", "169.254.0.1", "192.0.0.1", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.9",
    "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1", "fd00:ec2::254",
    "ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "100::1", "2001::1", "2001:10::1",
    "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "5f00::1",
    "::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1", "4000::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1",
          "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(Rejected, match=r"it has "):
        check_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address):
    check_address(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.168.0.1", "fd12:3456::1"])
def test_a_private_address_may_be_called_where_the_target_says_so(address):
    check_address(address, allow_private=True)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "169.254.170.2", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"]
)
def test_where_aws_keeps_credentials_nothing_gets(address):
    with pytest.raises(Rejected, match="credentials"):
        check_address(address, allow_private=True)


@given(some.ip_addresses())
def test_what_python_calls_private_is_never_called(address):
    if address.is_global and not address.is_multicast:
        return
    with pytest.raises(Rejected):
        check_address(str(address))
