#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::FutureExt;

/// An actor that keeps commands until it receives [`AnswerAll`].
#[derive(Default)]
struct Holding(Vec<Answer<()>>);

#[derive(Debug, Clone)]
struct Wait;
#[derive(Debug, Clone)]
struct AnswerAll;

impl Command for Wait {
    type Reply = ();
}
impl Command for AnswerAll {
    type Reply = usize;
}

impl Actor for Holding {
    type Context = Context<Self>;
}

impl Handler<Ask<Wait>> for Holding {
    type Result = ();
    fn handle(&mut self, ask: Ask<Wait>, _: &mut Context<Self>) {
        self.0.push(ask.reply);
    }
}

impl Handler<Ask<AnswerAll>> for Holding {
    type Result = ();
    fn handle(&mut self, ask: Ask<AnswerAll>, _: &mut Context<Self>) {
        let gone = self.0.drain(..).filter_map(|reply| reply.send(()).err()).count();
        let _ = ask.reply.send(gone);
    }
}

#[actix::test]
async fn commands_count_as_waiting_until_they_are_answered_even_if_the_caller_has_gone() {
    let supervisor = Arc::new(Supervisor::new(Kind::new("holding", 16), || {
        Holding::default().start()
    }));
    assert_eq!(supervisor.waiting(), 0);
    let ask = |supervisor: Arc<Supervisor<Holding>>| actix::spawn(async move { supervisor.ask(Wait).await });
    let (stays, goes) = (ask(supervisor.clone()), ask(supervisor.clone()));
    tokio::task::yield_now().await;
    assert_eq!(supervisor.waiting(), 2);
    goes.abort();
    assert!(goes.await.unwrap_err().is_cancelled());
    assert_eq!(
        supervisor.waiting(),
        2,
        "the command of the aborted caller is still there"
    );
    assert_eq!(supervisor.ask(AnswerAll).await, Ok(1));
    assert_eq!(stays.await.unwrap(), Ok(()));
    assert_eq!(supervisor.waiting(), 0);
}

#[actix::test]
async fn refusals_of_a_full_mailbox_are_counted_and_do_not_wait() {
    let supervisor = Supervisor::new(Kind::new("holding", 3), || Holding::default().start());
    // Nothing yields here, so the actor reads nothing from its mailbox.
    let mut asked: Vec<_> = (0..8).map(|_| Box::pin(supervisor.ask(Wait))).collect();
    let refused = asked
        .iter_mut()
        .filter_map(|ask| ask.as_mut().now_or_never())
        .inspect(|refusal| assert_eq!(*refusal, Err(Unavailable::Busy)))
        .count();
    assert_eq!(
        (refused, supervisor.kind().refused(), supervisor.waiting()),
        (5, 5, 3)
    );
}
