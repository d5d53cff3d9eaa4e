//! Watches one connection: which request got which answer.

use super::capture::{Budget, Capture, Refused};
use super::exchange::{Dropped, Event, Exchange, Outcome};
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
pub(super) struct Recorder {
    /// To the thread that copies. Its length is bounded by `places`, but for counts.
    pub(super) events: UnboundedSender<Event>,
    /// Places for exchanges that wait to be copied.
    pub(super) places: Arc<Semaphore>,
    /// Memory for the bodies of exchanges.
    pub(super) budget: Budget,
    /// Longest body that is copied.
    pub(super) most: usize,
}

impl Recorder {
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
    recorder: Recorder,
    client: IpAddr,
    queue: VecDeque<PendingExchange>,
    /// Whether the newest request of `queue` is not complete.
    requesting: bool,
    /// Whether any byte of an answer came.
    answered: bool,
}

#[derive(Debug)]
struct PendingExchange {
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
    pub(super) fn new(client: IpAddr, recorder: Recorder) -> Self {
        Self {
            requests: Reader::new(),
            responses: Reader::new(),
            pending: Pending {
                recorder,
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
        self.pending.recorder.tell(Event::Unread);
    }

    /// Whether the first request of the connection has been sent, and not one byte of its answer.
    pub(super) fn awaits_first_answer(&self) -> bool {
        !self.pending.answered && !self.requests.has_stopped() && !self.is_idle()
    }

    /// The method of the oldest request without an answer.
    pub(super) fn method(&self) -> Option<&str> {
        self.pending
            .queue
            .front()
            .map(|exchange| exchange.head.method.as_str())
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
        for exchange in self.queue.drain(..) {
            let outcome = match exchange.route {
                Some(_) => Outcome::Lost(Dropped::Incomplete),
                None => Outcome::Passed,
            };
            self.recorder.tell(Event::Seen {
                method: exchange.head.method,
                pattern: exchange.route.map_or(NOT_COPIED, |route| route.pattern),
                took: None,
                outcome,
            });
        }
        self.requesting = false;
    }

    /// Hands over the oldest exchanges that are complete.
    fn hand_over(&mut self) {
        while let Some(exchange) = self.queue.front() {
            let incomplete = self.requesting && self.queue.len() == 1;
            if exchange.answered.is_none() || incomplete {
                return;
            }
            if let Some(exchange) = self.queue.pop_front() {
                let event = exchange.seen(self.client, &self.recorder);
                self.recorder.tell(event);
            }
        }
    }
}

impl PendingExchange {
    fn seen(self, client: IpAddr, recorder: &Recorder) -> Event {
        let answered = self.answered.unwrap_or_else(Instant::now);
        let took = self.sent.map(|sent| answered.saturating_duration_since(sent));
        let method = self.head.method.clone();
        let pattern = self.route.as_ref().map_or(NOT_COPIED, |route| route.pattern);
        let outcome = match (self.route, self.response) {
            (None, _) => Outcome::Passed,
            (Some(_), None) => Outcome::Lost(Dropped::Incomplete),
            (Some(route), Some(response)) => {
                let refused = self
                    .request_body
                    .refused()
                    .or_else(|| self.response_body.refused());
                let place = recorder.places.clone().try_acquire_owned();
                match (refused, place) {
                    (Some(Refused::TooLarge), _) => Outcome::Lost(Dropped::TooLarge),
                    (Some(Refused::NoRoom), _) => Outcome::Lost(Dropped::NoRoom),
                    (None, Err(_)) => Outcome::Lost(Dropped::QueueFull),
                    (None, Ok(place)) => Outcome::Copy(Box::new(Exchange {
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
            outcome,
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
        let (framing, recorder) = (head.framing, &self.0.recorder);
        let exchange = PendingExchange {
            route: Route::of(&head.target),
            request_body: Capture::new(recorder.most, &recorder.budget),
            response_body: Capture::new(recorder.most, &recorder.budget),
            sent: None,
            response: None,
            answered: None,
            head,
        };
        self.0.queue.push_back(exchange);
        self.0.requesting = true;
        Ok(framing)
    }

    fn body(&mut self, bytes: &[u8]) {
        if let Some(exchange) = self.0.queue.back_mut() {
            if exchange.route.is_some() {
                exchange.request_body.add(bytes);
            }
        }
    }

    fn end(&mut self) {
        if let Some(exchange) = self.0.queue.back_mut() {
            exchange.sent = Some(Instant::now());
        }
        self.0.requesting = false;
        self.0.hand_over();
    }
}

/// The server's direction.
struct Responses<'p>(&'p mut Pending);

impl Responses<'_> {
    /// The request that is being answered.
    fn answering(&mut self) -> Option<&mut PendingExchange> {
        self.0
            .queue
            .iter_mut()
            .find(|exchange| exchange.answered.is_none())
    }
}

impl Sink for Responses<'_> {
    fn head(&mut self, head: &[u8]) -> Result<Framing, Unreadable> {
        let exchange = self.answering().ok_or(Unreadable)?;
        let head = ResponseHead::parse(head, &exchange.head.method)?;
        let framing = head.framing;
        if framing != Framing::Interim {
            exchange.response = Some(head);
        }
        Ok(framing)
    }

    fn body(&mut self, bytes: &[u8]) {
        if let Some(exchange) = self.answering() {
            if exchange.route.is_some() {
                exchange.response_body.add(bytes);
            }
        }
    }

    fn end(&mut self) {
        if let Some(exchange) = self.answering() {
            exchange.answered = Some(Instant::now());
        }
        self.0.hand_over();
    }
}

#[cfg(test)]
mod tests;
