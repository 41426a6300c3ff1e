//! How many connections may be open: in all, and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The places of a server. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    most_per_address: Option<NonZeroUsize>,
    open: AtomicUsize,
    /// By address; empty where addresses have no limit.
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// Why a connection gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// As many are open as may be.
    Server,
    /// As many are open from the client's address as may be.
    Address,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Inner>,
    /// Where addresses have a limit; in a box, because each idle connection keeps it.
    address: Option<Box<IpAddr>>,
}

impl Places {
    /// `most` in all; from one address `most_per_address`, where that is limited.
    pub(super) fn new(most: usize, most_per_address: Option<NonZeroUsize>) -> Self {
        let (open, addresses) = (AtomicUsize::new(0), Mutex::default());
        Self(Arc::new(Inner { most, most_per_address, open, addresses }))
    }

    /// A place for a client at `address`.
    pub(super) fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let mut place = Place { places: self.0.clone(), address: None };
        // From here on a drop gives back what was taken.
        if self.0.open.fetch_add(1, Ordering::Relaxed) >= self.0.most {
            return Err(Full::Server);
        }
        if let Some(most) = self.0.most_per_address {
            let address = network(address);
            let mut addresses = self.0.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let open = addresses.entry(address).or_default();
            if *open >= most.get() {
                drop(addresses);
                return Err(Full::Address);
            }
            *open += 1;
            drop(addresses);
            place.address = Some(Box::new(address));
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.open.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = &self.address else { return };
        let mut addresses = self.places.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = addresses.get_mut(&**address) {
            *open -= 1;
            if *open == 0 {
                addresses.remove(&**address);
            }
        }
    }
}

/// What counts as one address: of IPv6 the first 64 bits, because one client has all of those that follow.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Places::new(3, NonZeroUsize::new(2));
        let (ada, bob): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "::ffff:10.0.0.2".parse().unwrap());
        let one = places.take(ada).unwrap();
        let _two = places.take(ada).unwrap();
        assert_eq!(places.take(ada).unwrap_err(), Full::Address);
        let _three = places.take(bob).unwrap();
        assert_eq!(places.take(bob).unwrap_err(), Full::Server);
        drop(one);
        let _four = places.take("10.0.0.2".parse().unwrap()).unwrap();
        assert_eq!(places.take(bob).unwrap_err(), Full::Server);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let places = Places::new(9, NonZeroUsize::new(1));
        let _one = places.take("2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(places.take("2001:db8::2".parse().unwrap()).unwrap_err(), Full::Address);
        let _other = places.take("2001:db8:0:1::2".parse().unwrap()).unwrap();
    }
}
