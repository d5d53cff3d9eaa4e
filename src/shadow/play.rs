//! Plays the copies, on a thread of its own with a lower priority, and keeps the counts.

use super::compare::{compare, only_ours_is_empty, Answer, Verdict};
use super::content::{media_type, Content};
use super::copy::{Copied, Copies};
use super::exchange::{Dropped, Event, Exchange, Outcome};
use super::ids::Ids;
use super::known::Facts;
use super::order::{Claims, Queue};
use super::report::Report;
use super::route::{Kind, Route};
use super::tally::Tally;
use super::target::Target;
use beamlive_actors::clock::Clock;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval_at, timeout, Instant, MissedTickBehavior};

/// Most sessions that are remembered as launched.
const MAX_SESSIONS: usize = 100_000;
/// The priority of the thread: below everything that passes.
const NICENESS: i32 = 10;

/// How copies are played.
pub(super) struct Playing {
    pub(super) copies: Arc<Copies>,
    /// How many are played at once.
    pub(super) workers: usize,
    /// How old an exchange may be, so that its token is still good.
    pub(super) oldest: Duration,
    /// How long the copies that wait may take at the end.
    pub(super) last: Duration,
    /// How often the counts are printed and the report is written.
    pub(super) every: Duration,
    pub(super) target: Option<Target>,
    pub(super) clock: Arc<dyn Clock>,
    /// What the report says about both sides.
    pub(super) heading: Report,
}

/// A copy that was played.
struct Played {
    exchange: Box<Exchange>,
    claims: Claims,
    answer: Result<Copied, Dropped>,
    /// When it was sent, in Unix seconds.
    sent: u64,
}

/// The thread's state.
struct Player {
    playing: Playing,
    queue: Queue<Box<Exchange>>,
    tally: Tally,
    ids: Ids,
    launched: HashSet<Session>,
}

/// Starts the thread.
///
/// # Errors
/// When the system has no thread left.
pub(super) fn start(playing: Playing, events: mpsc::UnboundedReceiver<Event>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let run = move || {
        // On Linux this sets the priority of the calling thread alone. Without it, the copies only
        // compete with what passes.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            eprintln!("the copies are played at normal priority: {error}");
        }
        runtime.block_on(Player::new(playing).run(events));
    };
    std::thread::Builder::new()
        .name("copies".to_owned())
        .spawn(run)
        .map(drop)
}

impl Player {
    fn new(mut playing: Playing) -> Self {
        playing.heading.began = now(&*playing.clock);
        Self {
            playing,
            queue: Queue::new(),
            tally: Tally::default(),
            ids: Ids::new(),
            launched: HashSet::new(),
        }
    }

    async fn run(mut self, mut events: mpsc::UnboundedReceiver<Event>) {
        let mut minute = interval_at(Instant::now() + self.playing.every, self.playing.every);
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut flying = FuturesUnordered::new();
        let finish = loop {
            self.fill(&mut flying);
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Finish(done)) => break done,
                    Some(Event::Write) => self.write(flying.len()),
                    Some(event) => self.hear(event),
                    None => return,
                },
                Some(played) = flying.next(), if !flying.is_empty() => self.played(played),
                _ = minute.tick() => {
                    let report = self.report(flying.len());
                    eprintln!("{}", report.line());
                    self.save(&report);
                }
            }
        };
        self.end(flying, finish).await;
    }

    /// Plays what waits, as long as that may take, and hands over the report.
    async fn end(
        mut self,
        mut flying: FuturesUnordered<LocalBoxFuture<'static, Played>>,
        done: oneshot::Sender<Report>,
    ) {
        let last = self.playing.last;
        let rest = async {
            loop {
                self.fill(&mut flying);
                match flying.next().await {
                    Some(played) => self.played(played),
                    None => break,
                }
            }
        };
        if timeout(last, rest).await.is_err() {
            // What is being played can't be counted by its route any more: it is still waiting.
            let waiting: Vec<_> = self.queue.drain().collect();
            for exchange in waiting {
                self.lose(&exchange, Dropped::Ended);
            }
        }
        let report = self.report(flying.len());
        self.save(&report);
        // The receiver is gone only if the program was stopped at once.
        let _ = done.send(report);
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Seen {
                method,
                pattern,
                took,
                outcome,
            } => {
                self.tally.seen(&method, pattern, took);
                match outcome {
                    Outcome::Copy(exchange) => {
                        self.queue.push(Claims::of(&exchange.route), exchange);
                    }
                    Outcome::Passed => {}
                    Outcome::Lost(why) => self.tally.dropped(&method, pattern, why),
                }
            }
            Event::NoUpstream => self.tally.no_upstream(),
            Event::Unread => self.tally.unread(),
            Event::Write | Event::Finish(_) => {}
        }
    }

    /// Sends as many copies as may be sent now.
    fn fill(&mut self, flying: &mut FuturesUnordered<LocalBoxFuture<'static, Played>>) {
        while flying.len() < self.playing.workers {
            let Some((claims, exchange)) = self.queue.next() else {
                return;
            };
            if exchange.answered.elapsed() > self.playing.oldest {
                self.lose(&exchange, Dropped::Late);
                self.queue.done(claims);
                continue;
            }
            let is_json = media_type(&exchange.request_headers).is_some_and(|kind| kind.contains("json"));
            let mut body = exchange.request_body.to_bytes();
            if exchange.request_headers.get("content-encoding").is_none() {
                body = self.ids.translate(exchange.route.kind, is_json, body);
            }
            let (copies, sent) = (self.playing.copies.clone(), seconds(&*self.playing.clock));
            flying.push(Box::pin(async move {
                let answer = copies.send(&exchange, body).await;
                Played {
                    exchange,
                    claims,
                    answer,
                    sent,
                }
            }));
        }
    }

    fn played(&mut self, played: Played) {
        let exchange = &played.exchange;
        match played.answer {
            Err(why) => self.lose(exchange, why),
            Ok(copied) => {
                let theirs = Content::of(&exchange.response_headers, exchange.response_body.bytes());
                let took = copied.took;
                let verdict = self.verdict(exchange, &theirs, &copied, played.sent);
                self.learn(exchange, &theirs, &copied);
                let good = (200..300).contains(&exchange.status);
                self.tally
                    .compared(&exchange.method, &exchange.route, good, took, verdict);
            }
        }
        self.queue.done(played.claims);
    }

    fn verdict(&self, exchange: &Exchange, theirs: &Content, copied: &Copied, now: u64) -> Verdict {
        let facts = Facts {
            route: &exchange.route,
            theirs: exchange.status,
            ours: copied.status,
            now,
            launched: self.launched.contains(&session(&exchange.route)),
            only_ours_is_empty: only_ours_is_empty(theirs, &copied.content),
        };
        let answer = |headers, content| Answer { headers, content };
        compare(
            &facts,
            answer(&exchange.response_headers, theirs),
            answer(&copied.headers, &copied.content),
        )
    }

    /// Learns ids and sessions from two answers.
    fn learn(&mut self, exchange: &Exchange, theirs: &Content, copied: &Copied) {
        if let (200, 200, Content::Data(theirs), Content::Data(ours)) =
            (exchange.status, copied.status, theirs, &copied.content)
        {
            self.ids.learn(exchange.route.kind, theirs, ours);
        }
        let room = self.launched.len() < MAX_SESSIONS;
        if exchange.route.kind == Kind::Launch && copied.status == 200 && room {
            self.launched.insert(session(&exchange.route));
        }
    }

    /// A copy was lost.
    fn lose(&mut self, exchange: &Exchange, why: Dropped) {
        self.tally.dropped(&exchange.method, exchange.route.pattern, why);
    }

    fn report(&self, flying: usize) -> Report {
        let report = self.tally.report(self.queue.len() + flying);
        let heading = self.playing.heading.clone();
        let mut notes = heading.notes;
        notes.extend(report.notes);
        Report {
            version: heading.version,
            upstream: heading.upstream,
            service: heading.service,
            began: heading.began,
            until: now(&*self.playing.clock),
            notes,
            ..report
        }
    }

    fn write(&self, flying: usize) {
        let report = self.report(flying);
        if self.playing.target.is_none() {
            eprint!("{}", report.text());
        }
        self.save(&report);
    }

    /// Writes the report into its file, if it has one.
    fn save(&self, report: &Report) {
        if let Some(target) = &self.playing.target {
            if let Err(error) = target.write(report) {
                eprintln!("can't write {}: {error}", target.path().display());
            }
        }
    }
}

/// The project, the beamline and the name of a session.
type Session = [Option<String>; 3];

fn session(route: &Route) -> Session {
    [&route.user, &route.beamline, &route.session].map(Clone::clone)
}

fn seconds(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.now().0 / 1_000_000).unwrap_or_default()
}

fn now(clock: &dyn Clock) -> String {
    let time = chrono::DateTime::from_timestamp_micros(clock.now().0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
