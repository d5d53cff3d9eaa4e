//! Watches one connection: which request got which answer.

use super::capture::{Budget, Capture, Refused};
use super::exchange::{Dropped, Event, Exchange, Fate};
use super::head::{RequestHead, ResponseHead};
use super::message::{Framing, Reader, Sink, Unreadable};
use super::route::{Route, NOT_COPIED};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::Semaphore;

/// Most requests that one connection may have sent ahead of their answers. Beyond it the connection
/// is not watched any more.
const MAX_AHEAD: usize = 1000;

/// What all connections share.
#[derive(Debug, Clone)]
pub(super) struct Ear {
    /// To the thread that copies. Its length is bounded by `places`, but for counts.
    pub(super) events: UnboundedSender<Event>,
    /// Places for exchanges that wait to be copied.
    pub(super) places: Arc<Semaphore>,
    /// Memory for the bodies of exchanges.
    pub(super) budget: Budget,
    /// Longest body that is copied.
    pub(super) most: usize,
}

impl Ear {
    pub(super) fn tell(&self, event: Event) {
        // The receiver is gone only when the process ends.
        let _ = self.events.send(event);
    }
}

/// The watch over one connection.
#[derive(Debug)]
pub(super) struct Watch {
    requests: Reader,
    responses: Reader,
    pending: Pending,
}

/// Requests whose answers are not complete, the oldest first.
#[derive(Debug)]
struct Pending {
    ear: Ear,
    client: IpAddr,
    queue: VecDeque<One>,
    /// Whether the newest request of `queue` is not complete.
    requesting: bool,
    /// Whether any byte of an answer came.
    answered: bool,
}

#[derive(Debug)]
struct One {
    head: RequestHead,
    /// `None` if the route is not copied.
    route: Option<Route>,
    request_body: Capture,
    response_body: Capture,
    sent: Option<Instant>,
    response: Option<ResponseHead>,
    /// When the answer was complete.
    answered: Option<Instant>,
}

impl Watch {
    pub(super) fn new(client: IpAddr, ear: Ear) -> Self {
        Self {
            requests: Reader::new(),
            responses: Reader::new(),
            pending: Pending {
                ear,
                client,
                queue: VecDeque::new(),
                requesting: false,
                answered: false,
            },
        }
    }

    /// Bytes of the client, before they are passed on.
    pub(super) fn request(&mut self, bytes: &[u8]) {
        if self.requests.has_stopped() {
            return;
        }
        self.requests.read(bytes, &mut Requests(&mut self.pending));
        if self.requests.has_stopped() {
            self.give_up();
        }
    }

    /// Bytes of the server, after they were passed on.
    pub(super) fn response(&mut self, bytes: &[u8]) {
        self.pending.answered = true;
        if self.responses.has_stopped() {
            return;
        }
        self.responses.read(bytes, &mut Responses(&mut self.pending));
        if self.responses.has_stopped() {
            self.give_up();
        }
    }

    /// Something passed that is not HTTP/1, or an upgrade: it is not watched any more.
    fn give_up(&mut self) {
        self.requests.stop();
        self.responses.stop();
        self.pending.lose();
        self.pending.ear.tell(Event::Unread);
    }

    /// Whether the first request of the connection has been sent, and not one byte of its answer.
    pub(super) fn awaits_first_answer(&self) -> bool {
        !self.pending.answered && !self.requests.has_stopped() && !self.is_idle()
    }

    /// The method of the oldest request without an answer.
    pub(super) fn method(&self) -> Option<&str> {
        self.pending.queue.front().map(|one| one.head.method.as_str())
    }

    /// Whether no request and no answer is on its way; never once the watch has ended.
    pub(super) fn is_idle(&self) -> bool {
        self.pending.queue.is_empty() && self.requests.is_between_messages()
    }

    /// The server has ended the connection.
    pub(super) fn upstream_ended(&mut self) {
        self.responses.finish(&mut Responses(&mut self.pending));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pending.lose();
    }
}

impl Pending {
    /// The requests of which the rest will not be seen.
    fn lose(&mut self) {
        for one in self.queue.drain(..) {
            let fate = match one.route {
                Some(_) => Fate::Lost(Dropped::Incomplete),
                None => Fate::Passed,
            };
            self.ear.tell(Event::Seen {
                method: one.head.method,
                pattern: one.route.map_or(NOT_COPIED, |route| route.pattern),
                took: None,
                fate,
            });
        }
        self.requesting = false;
    }

    /// Hands over the oldest exchanges that are complete.
    fn hand_over(&mut self) {
        while let Some(one) = self.queue.front() {
            let incomplete = self.requesting && self.queue.len() == 1;
            if one.answered.is_none() || incomplete {
                return;
            }
            if let Some(one) = self.queue.pop_front() {
                let event = one.seen(self.client, &self.ear);
                self.ear.tell(event);
            }
        }
    }
}

impl One {
    fn seen(self, client: IpAddr, ear: &Ear) -> Event {
        let answered = self.answered.unwrap_or_else(Instant::now);
        let took = self.sent.map(|sent| answered.saturating_duration_since(sent));
        let method = self.head.method.clone();
        let pattern = self.route.as_ref().map_or(NOT_COPIED, |route| route.pattern);
        let fate = match (self.route, self.response) {
            (None, _) => Fate::Passed,
            (Some(_), None) => Fate::Lost(Dropped::Incomplete),
            (Some(route), Some(response)) => {
                let refused = self
                    .request_body
                    .refused()
                    .or_else(|| self.response_body.refused());
                let place = ear.places.clone().try_acquire_owned();
                match (refused, place) {
                    (Some(Refused::TooLarge), _) => Fate::Lost(Dropped::TooLarge),
                    (Some(Refused::NoRoom), _) => Fate::Lost(Dropped::NoRoom),
                    (None, Err(_)) => Fate::Lost(Dropped::QueueFull),
                    (None, Ok(place)) => Fate::Copy(Box::new(Exchange {
                        route,
                        client,
                        method: self.head.method,
                        target: self.head.target,
                        request_headers: self.head.headers,
                        request_body: self.request_body,
                        status: response.status,
                        response_headers: response.headers,
                        response_body: self.response_body,
                        answered,
                        _place: place,
                    })),
                }
            }
        };
        Event::Seen {
            method,
            pattern,
            took,
            fate,
        }
    }
}

/// The client's direction.
struct Requests<'p>(&'p mut Pending);

impl Sink for Requests<'_> {
    fn head(&mut self, head: &[u8]) -> Result<Framing, Unreadable> {
        let head = RequestHead::parse(head)?;
        if self.0.queue.len() >= MAX_AHEAD {
            return Err(Unreadable);
        }
        let (framing, ear) = (head.framing, &self.0.ear);
        let one = One {
            route: Route::of(&head.target),
            request_body: Capture::new(ear.most, &ear.budget),
            response_body: Capture::new(ear.most, &ear.budget),
            sent: None,
            response: None,
            answered: None,
            head,
        };
        self.0.queue.push_back(one);
        self.0.requesting = true;
        Ok(framing)
    }

    fn body(&mut self, bytes: &[u8]) {
        if let Some(one) = self.0.queue.back_mut() {
            if one.route.is_some() {
                one.request_body.add(bytes);
            }
        }
    }

    fn end(&mut self) {
        if let Some(one) = self.0.queue.back_mut() {
            one.sent = Some(Instant::now());
        }
        self.0.requesting = false;
        self.0.hand_over();
    }
}

/// The server's direction.
struct Responses<'p>(&'p mut Pending);

impl Responses<'_> {
    /// The request that is being answered.
    fn one(&mut self) -> Option<&mut One> {
        self.0.queue.iter_mut().find(|one| one.answered.is_none())
    }
}

impl Sink for Responses<'_> {
    fn head(&mut self, head: &[u8]) -> Result<Framing, Unreadable> {
        let one = self.one().ok_or(Unreadable)?;
        let head = ResponseHead::parse(head, &one.head.method)?;
        let framing = head.framing;
        if framing != Framing::Interim {
            one.response = Some(head);
        }
        Ok(framing)
    }

    fn body(&mut self, bytes: &[u8]) {
        if let Some(one) = self.one() {
            if one.route.is_some() {
                one.response_body.add(bytes);
            }
        }
    }

    fn end(&mut self) {
        if let Some(one) = self.one() {
            one.answered = Some(Instant::now());
        }
        self.0.hand_over();
    }
}

#[cfg(test)]
mod tests;
