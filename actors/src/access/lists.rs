//! Which access list an address has, who is on it, and which address a request comes from.

use crate::facility::catalog::{Catalog, Entries};
use crate::schedule::Schedule;
use arc_swap::ArcSwapOption;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::records::AccessList;
use beamlive_storage::Timestamp;
use ipnet::{IpNet, Ipv4Net};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use thiserror::Error;

/// Proxies one behind another; a longer chain is no chain of proxies.
const MAX_FORWARDED: usize = 64;
/// As much of a bad entry as an error names: longer than any address.
const SHOWN: usize = 64;

/// The active access lists by network. IPv4 in IPv6 form is IPv4, in lists and in addresses.
#[derive(Debug, Default)]
pub struct AccessTable {
    lists: Entries<AccessList>,
    networks: HashMap<IpNet, AccessListId>,
    /// The prefix lengths in use, longest first.
    lengths: Vec<u8>,
}

impl AccessTable {
    /// Reads the networks of all active lists. Of two lists with one network, the one declared first has it.
    #[must_use]
    pub fn of(lists: &Entries<AccessList>) -> Self {
        let mut networks = HashMap::new();
        for (id, entry) in lists.iter().filter(|(_, entry)| entry.record.active) {
            match parse_network(&entry.record.address) {
                Some(network) => {
                    networks.entry(network).or_insert(AccessListId(id));
                }
                // Addresses are checked before they are stored, so this one was written by another build.
                None => tracing::error!(list = entry.record.name, "an access list's address can't be used"),
            }
        }
        let lengths: BTreeSet<_> = networks.keys().map(IpNet::prefix_len).collect();
        Self {
            lists: lists.clone(),
            networks,
            lengths: lengths.into_iter().rev().collect(),
        }
    }

    /// The list of an address: the longest prefix wins.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<(AccessListId, &AccessList)> {
        let address = address.to_canonical();
        let id = self.lengths.iter().find_map(|length| {
            let network = IpNet::new(address, *length).ok()?;
            self.networks.get(&network.trunc()).copied()
        })?;
        Some((id, &self.lists.get(id.0)?.record))
    }
}

/// The table of the present catalog, made again only when the access lists change.
#[derive(Debug, Default)]
pub struct AccessTables {
    current: ArcSwapOption<AccessTable>,
}

impl AccessTables {
    /// The table of `catalog`.
    #[must_use]
    pub fn of(&self, catalog: &Catalog) -> Arc<AccessTable> {
        let current = self.current.load();
        if let Some(table) = current
            .as_ref()
            .filter(|table| table.lists.same(&catalog.access_lists))
        {
            return Arc::clone(table);
        }
        let table = Arc::new(AccessTable::of(&catalog.access_lists));
        self.current.store(Some(Arc::clone(&table)));
        table
    }
}

/// Reads an address or a network in CIDR form, as access lists and trusted proxies are declared. Host bits are
/// dropped; IPv4 in IPv6 form becomes IPv4.
#[must_use]
pub fn parse_network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = match text.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => text.parse::<IpAddr>().ok()?.into(),
    };
    Some(canonical(network).trunc())
}

fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(network, IpNet::V4)
}

/// The usernames on `list`: its own users and, when there is a `schedule`, the projects that use one of its beamlines
/// from afar now. Sorted, each once. An account that is gone is left out.
#[must_use]
pub fn users(
    list: &AccessList,
    catalog: &Catalog,
    schedule: Option<&Schedule>,
    now: Timestamp,
) -> Vec<String> {
    let remote = schedule.map(|schedule| schedule.remote_users(catalog, &list.beamlines, now));
    let users: BTreeSet<_> = list
        .users
        .iter()
        .chain(remote.iter().flatten())
        .filter_map(|project| catalog.projects.get(project.0))
        .map(|entry| entry.record.username.as_str())
        .collect();
    users.into_iter().map(str::to_owned).collect()
}

/// Why `X-Forwarded-For` does not say where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadForwarded {
    /// The entry that decides is something else than an address.
    #[error("X-Forwarded-For has an entry that is no address: {0:?}")]
    NoAddress(String),
    /// There are too many proxies.
    #[error("X-Forwarded-For names more than {MAX_FORWARDED} proxies")]
    TooMany,
}

/// The address a request comes from: the peer's, unless the peer is `trusted`; then the rightmost entry of
/// `forwarded` (the values of the `X-Forwarded-For` headers, in order) that is not trusted itself, or the leftmost
/// when all are. Entries are `ip`, `ip:port`, `[v6]` or `[v6]:port`; what stands to the left of the one that decides is
/// never looked at, for whoever sent the request may have written it. IPv4 in IPv6 form is given back as IPv4.
///
/// # Errors
/// [`BadForwarded`] when the peer is trusted and the entry that decides is no address, or when there are more than 64
/// proxies.
pub fn caller(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> Result<IpAddr, BadForwarded> {
    let is_trusted = |address: &IpAddr| {
        trusted
            .iter()
            .any(|network| canonical(*network).contains(address))
    };
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return Ok(peer);
    }
    let mut nearest = peer;
    // Empty elements of a list header say nothing.
    let entries = forwarded.iter().rev().flat_map(|value| value.rsplit(','));
    for (index, entry) in entries
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .enumerate()
    {
        if index == MAX_FORWARDED {
            return Err(BadForwarded::TooMany);
        }
        nearest = forwarded_address(entry)
            .ok_or_else(|| BadForwarded::NoAddress(entry.chars().take(SHOWN).collect()))?;
        if !is_trusted(&nearest) {
            break;
        }
    }
    Ok(nearest)
}

/// The address of one entry, with or without a port.
fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let bracketed = |entry: &str| {
        entry
            .strip_prefix('[')?
            .strip_suffix(']')?
            .parse::<Ipv6Addr>()
            .ok()
    };
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .or_else(|| bracketed(entry).map(IpAddr::V6))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
