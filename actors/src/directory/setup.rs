//! Starts a directory: which actors run, where, and with what.

use super::requests::Directory;
use crate::access::lists::AccessTables;
use crate::access::Access;
use crate::ask::{Kind, Supervisor};
use crate::clock::{Clock, KeySource};
use crate::expiry::Expiry;
use crate::facility::Facility;
use crate::follower::Follower;
use crate::forwarder::{self, DataProxy, Forwarder, ForwarderHealth, ForwarderSettings, LocalProxy};
use crate::inventory::SampleLists;
use crate::published::Published;
use crate::schedule::Schedule;
use crate::services::{Forwarding, Services};
use actix::ArbiterHandle;
use beamlive_storage::Store;
use chrono_tz::Tz;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// What a directory needs.
pub struct Setup {
    /// The open store.
    pub store: Store,
    /// The facility as the store has it.
    pub catalog: Arc<Published>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// The external Data Proxy; the built-in one when none.
    pub external: Option<Arc<dyn DataProxy>>,
    /// The facility's time zone.
    pub zone: Tz,
    /// Whether launches answer with the end of the beamtime.
    pub scheduling: bool,
    /// Most commands that wait for one actor.
    pub mailbox: usize,
    /// Most concurrent calls of the Data Proxy.
    pub forwards: usize,
    /// Longest time that a call of the Data Proxy takes.
    pub forward_timeout: Duration,
    /// Most memory for cached sample lists, in bytes.
    pub sample_lists_bytes: usize,
    /// The thread of the beamlines' actors.
    pub beamlines: ArbiterHandle,
    /// The thread of the other actors, which may be busy for a while.
    pub others: ArbiterHandle,
}

impl Directory {
    /// Starts the actors, except those of beamlines, which start when they are first needed.
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
            shared: store.shared().is_some(),
        };
        let (zone, others) = (setup.zone, setup.others.clone());
        let facility = {
            let (services, others) = (services.clone(), others.clone());
            Arc::new(Supervisor::new(Kind::new("facility", mailbox), move || {
                let Services {
                    store,
                    catalog,
                    clock,
                    ..
                } = services.clone();
                Facility::start(store, catalog, clock, zone, &others, mailbox)
            }))
        };
        if let (Some(log), Some(presence)) = (store.shared(), catalog.presence()) {
            let forwarding = services.forwarding.clone();
            let follower = Follower {
                log,
                presence: presence.clone(),
                facility: facility.clone(),
                wake_forwarder: Box::new(move || forwarding.wake()),
            };
            setup.others.spawn(follower.run());
        }
        let access = {
            let (store, catalog) = (store.clone(), catalog.clone());
            Supervisor::new(Kind::new("access", mailbox), move || {
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

/// The forwarder. With the built-in Data Proxy it handles what is left in the outbox from an
/// external one.
fn start_forwarder(setup: &Setup, health: Arc<ForwarderHealth>) -> Supervisor<Forwarder> {
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
        call_timeout: setup.forward_timeout,
        ..ForwarderSettings::default()
    };
    Supervisor::new(Kind::new("forwarder", mailbox), move || {
        let (store, proxy, clock) = (store.clone(), proxy.clone(), clock.clone());
        Forwarder::start(store, proxy, clock, settings, health.clone(), &arbiter, mailbox)
    })
}
