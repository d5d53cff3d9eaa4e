//! Messages to systemd (readiness, reload, watchdog), and the socket that it passes. Without
//! systemd, nothing is sent.

use crate::connection::listener::Listener;
use beamlive_client::Failure;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::future::Future;
use std::time::Duration;
use tokio::time::{interval, Interval, MissedTickBehavior};

/// The socket that systemd listens on for this service.
///
/// # Errors
/// When there are several, or it takes no connections.
pub(super) fn socket() -> Result<Option<Listener>, Failure> {
    let mut sockets = ListenFd::from_env();
    match sockets.len() {
        0 => return Ok(None),
        1 => {}
        many => {
            return Err(format!(
            "systemd passes {many} sockets, and one is served: write one ListenStream= into the socket unit"
        )
            .into())
        }
    }
    // If the socket is of another kind, it stays in place for the next attempt.
    if let Ok(Some(listener)) = sockets.take_tcp_listener(0) {
        return Ok(Some(Listener::Tcp(listener)));
    }
    match sockets.take_unix_listener(0) {
        Ok(Some(listener)) => Ok(Some(Listener::Unix(listener, None))),
        _ => Err("the socket that systemd passes takes no connections: write ListenStream=".into()),
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        tracing::warn!(%error, "the status could not be sent to systemd");
    }
}

/// The service answers.
pub(super) fn ready(url: &str) {
    tell(&[
        NotifyState::Ready,
        NotifyState::Status(&format!("listening on {url}")),
    ]);
}

/// The service reads its files again. Afterwards it is ready again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the reload could not be announced to systemd"),
    }
}

/// The service is away for an import, and comes back.
pub(super) fn importing() {
    tell(&[NotifyState::Status("importing; requests are answered afterwards")]);
}

/// The service stops.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The watchdog of systemd: says when the next keep-alive is due, and sends it.
pub(super) struct Watchdog {
    /// Half of the time after which systemd restarts a silent service. `None` if it never does.
    interval: Option<Interval>,
}

impl Watchdog {
    pub(super) fn new() -> Self {
        let mut micros = 0;
        let watched = sd_notify::watchdog_enabled(false, &mut micros) && micros > 1;
        Self {
            interval: watched.then(|| {
                let mut interval = interval(Duration::from_micros(micros / 2));
                interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
                interval
            }),
        }
    }

    /// Waits until the next keep-alive is due.
    pub(super) async fn due(&mut self) {
        match &mut self.interval {
            Some(interval) => {
                interval.tick().await;
            }
            None => std::future::pending().await,
        }
    }

    /// The service works.
    pub(super) fn works() {
        tell(&[NotifyState::Watchdog]);
    }

    /// Waits for `work`, which may take long, and sends keep-alives meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.due() => Self::works(),
            }
        }
    }
}
