//! Which addresses count as one.

use std::net::IpAddr;

/// The address; for IPv6, its network of 64 bits.
pub(crate) fn whole(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let network = u128::from(six) >> 64 << 64;
            IpAddr::V6(network.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_ipv6_network_is_one_address() -> Result<(), std::net::AddrParseError> {
        assert_eq!(whole("2001:db8::1".parse()?), whole("2001:db8::ffff:2".parse()?));
        assert_ne!(whole("2001:db8:0:1::1".parse()?), whole("2001:db8::1".parse()?));
        assert_ne!(whole("10.0.0.1".parse()?), whole("10.0.0.2".parse()?));
        Ok(())
    }
}
