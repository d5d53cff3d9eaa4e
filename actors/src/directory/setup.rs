//! How a directory is put together: which actors run, where, and with what.

use super::Directory;
use crate::access::lists::AccessTables;
use crate::access::Access;
use crate::ask::{Keeper, Kind};
use crate::clock::{Clock, KeySource};
use crate::expiry::Expiry;
use crate::facility::catalog::Catalog;
use crate::facility::Facility;
use crate::forwarder::{self, DataProxy, Forwarder, ForwarderHealth, ForwarderSettings, LocalProxy};
use crate::inventory::SampleLists;
use crate::schedule::Schedule;
use crate::services::{Forwarding, Services};
use actix::ArbiterHandle;
use arc_swap::ArcSwap;
use beamlive_storage::Store;
use chrono_tz::Tz;
use std::sync::{Arc, RwLock};

/// What a directory is made of.
pub struct Setup {
    /// The open store.
    pub store: Store,
    /// The facility as the store has it.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// The external Data Proxy; the built-in one when none.
    pub external: Option<Arc<dyn DataProxy>>,
    /// The facility's time zone.
    pub zone: Tz,
    /// Whether beamtimes count.
    pub scheduling: bool,
    /// Messages that wait for one actor, at most.
    pub mailbox: usize,
    /// Calls of the Data Proxy at once.
    pub forwards: usize,
    /// Memory for ready-made sample lists, in bytes.
    pub sample_lists_bytes: usize,
    /// Where the beamlines' actors run.
    pub beamlines: ArbiterHandle,
    /// Where those run that may be busy for a while.
    pub others: ArbiterHandle,
}

impl Directory {
    /// Starts the actors. Those of the beamlines start when they are first needed.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let Setup {
            store,
            catalog,
            clock,
            mailbox,
            ..
        } = &setup;
        let mailbox = *mailbox;
        let forwarder_health = Arc::new(ForwarderHealth::default());
        let forwarder = Arc::new(start_forwarder(&setup, forwarder_health.clone()));
        let forwarding = match setup.external {
            None => Forwarding::BuiltIn,
            Some(_) => {
                let forwarder = forwarder.clone();
                Forwarding::External(Arc::new(move || forwarder::wake(&forwarder)))
            }
        };
        let services = Services {
            store: store.clone(),
            catalog: catalog.clone(),
            clock: clock.clone(),
            keys: setup.keys.clone(),
            forwarding,
        };
        let (zone, others) = (setup.zone, setup.others.clone());
        let facility = {
            let (services, others) = (services.clone(), others.clone());
            Keeper::new(Kind::new("facility", mailbox), move || {
                let Services {
                    store,
                    catalog,
                    clock,
                    ..
                } = services.clone();
                Facility::start(store, catalog, clock, zone, &others, mailbox)
            })
        };
        let access = {
            let (store, catalog) = (store.clone(), catalog.clone());
            Keeper::new(Kind::new("access", mailbox), move || {
                Access::start(store.clone(), catalog.clone(), zone, &others, mailbox)
            })
        };
        Expiry::start(store.clone(), clock.clone(), &setup.others);
        Self {
            services,
            mailbox,
            arbiter: setup.beamlines,
            beamlines: RwLock::default(),
            facility,
            access,
            forwarder,
            forwarder_health,
            lists: SampleLists::new(setup.sample_lists_bytes),
            access_tables: AccessTables::default(),
            schedule: setup.scheduling.then(Schedule::default),
            beamline_kind: Kind::new("beamline", mailbox),
        }
    }
}

/// The forwarder; with the built-in Data Proxy it drains what an external one has left behind.
fn start_forwarder(setup: &Setup, health: Arc<ForwarderHealth>) -> Keeper<Forwarder> {
    let proxy = setup.external.clone().unwrap_or_else(|| {
        Arc::new(LocalProxy::new(
            setup.store.clone(),
            setup.keys.clone(),
            setup.clock.clone(),
        ))
    });
    let (store, clock, arbiter) = (setup.store.clone(), setup.clock.clone(), setup.others.clone());
    let mailbox = setup.mailbox;
    let settings = ForwarderSettings {
        concurrency: setup.forwards,
        ..ForwarderSettings::default()
    };
    Keeper::new(Kind::new("forwarder", mailbox), move || {
        let (store, proxy, clock) = (store.clone(), proxy.clone(), clock.clone());
        Forwarder::start(store, proxy, clock, settings, health.clone(), &arbiter, mailbox)
    })
}
