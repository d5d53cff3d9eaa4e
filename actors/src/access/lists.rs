//! The access list of an address, its users, and the address of a request.

use crate::facility::catalog::{Catalog, Entries};
use crate::schedule::Schedule;
use arc_swap::ArcSwapOption;
use beamlive_storage::ids::{AccessListId, Account, PersonId};
use beamlive_storage::records::AccessList;
use beamlive_storage::Timestamp;
use ipnet::{IpNet, Ipv4Net};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use thiserror::Error;

/// Longest chain of proxies in front of the service.
const MAX_FORWARDED: usize = 64;
/// Characters of a bad entry that a message shows; more than any address has.
const SHOWN: usize = 64;

/// The active access lists by network. IPv4-mapped IPv6 counts as IPv4, in lists and in addresses.
#[derive(Debug, Default)]
pub struct AccessTable {
    lists: Entries<AccessList>,
    networks: HashMap<IpNet, AccessListId>,
    /// The prefix lengths in use, longest first.
    lengths: Vec<u8>,
}

impl AccessTable {
    /// Collects the networks of all active lists. If two lists declare the same network, the first
    /// has it.
    #[must_use]
    pub fn of(lists: &Entries<AccessList>) -> Self {
        let mut networks = HashMap::new();
        for (id, entry) in lists.iter().filter(|(_, entry)| entry.record.active) {
            match parse_network(&entry.record.address) {
                Some(network) => {
                    networks.entry(network).or_insert(AccessListId(id));
                }
                // Addresses are checked before they are stored; another version has written this
                // one.
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

    /// The list of an address; the longest prefix wins.
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

/// The table of the newest catalog, made again only when the access lists change.
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

/// Parses an address or a network in CIDR form, as in access lists and trusted proxies. Host bits
/// are dropped; IPv4-mapped IPv6 becomes IPv4.
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

/// The usernames on `list`: its own users and, with a `schedule`, the projects that use one of its
/// beamlines remotely now, and their members. Sorted, without duplicates; deleted accounts and
/// persons who are not active are left out. In a facility with persons those who are scheduled come
/// first.
#[must_use]
pub fn users(
    list: &AccessList,
    catalog: &Catalog,
    schedule: Option<&Schedule>,
    now: Timestamp,
) -> Vec<String> {
    let remote = schedule.map(|schedule| schedule.remote_users(catalog, &list.beamlines, now));
    let remote: BTreeSet<_> = remote.into_iter().flatten().collect();
    let members = catalog.persons.iter().filter(|(_, person)| {
        let projects = person.record.member_of.iter();
        !remote.is_empty()
            && projects
                .map(|member| member.project)
                .any(|project| remote.contains(&project))
    });
    let members = members.map(|(id, _)| Account::from(PersonId(id)));
    let scheduled = remote.iter().copied().map(Account::from).chain(members);
    let may_sign_in = |account: &Account| catalog.sign_in(*account).is_some();
    let named = |accounts: Vec<Account>| -> BTreeSet<&str> {
        let accounts = accounts.into_iter().filter(may_sign_in);
        accounts
            .filter_map(|account| catalog.account_name(account))
            .collect()
    };
    let mut first = named(scheduled.collect());
    let mut others = named(list.users.clone());
    if catalog.persons.is_empty() {
        others.append(&mut first);
    }
    others.retain(|user| !first.contains(user));
    first.into_iter().chain(others).map(str::to_owned).collect()
}

/// Why `X-Forwarded-For` can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadForwarded {
    /// The relevant entry is not an address.
    #[error("X-Forwarded-For has an entry that is no address: {0:?}")]
    NoAddress(String),
    /// There are too many proxies.
    #[error("X-Forwarded-For names more than {MAX_FORWARDED} proxies")]
    TooMany,
}

/// The client's address: that of the peer, unless the peer is `trusted`. Then it is the rightmost
/// entry of `forwarded` that is not trusted, or the leftmost if all are trusted. `forwarded` holds
/// the values of the `X-Forwarded-For` headers, in order. Entries further left are ignored: the
/// client may have written them. Entries are `ip`, `ip:port`, `[v6]` or `[v6]:port`. IPv4-mapped
/// IPv6 is returned as IPv4.
///
/// # Errors
/// [`BadForwarded`] when the peer is trusted and the relevant entry is not an address, or when
/// there are more than 64 proxies.
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
    // Empty elements of a list header are ignored.
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
