#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::FutureExt;

/// An actor that keeps what it is asked until it is told to answer.
#[derive(Default)]
struct Patient(Vec<Answer<()>>);

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

impl Actor for Patient {
    type Context = Context<Self>;
}

impl Handler<Ask<Wait>> for Patient {
    type Result = ();
    fn handle(&mut self, ask: Ask<Wait>, _: &mut Context<Self>) {
        self.0.push(ask.reply);
    }
}

impl Handler<Ask<AnswerAll>> for Patient {
    type Result = ();
    fn handle(&mut self, ask: Ask<AnswerAll>, _: &mut Context<Self>) {
        let gone = self.0.drain(..).filter_map(|reply| reply.send(()).err()).count();
        let _ = ask.reply.send(gone);
    }
}

#[actix::test]
async fn what_waits_is_counted_until_it_is_answered_also_for_callers_that_went() {
    let keeper = Arc::new(Keeper::new(Kind::new("patient", 16), || {
        Patient::default().start()
    }));
    assert_eq!(keeper.waiting(), 0);
    let ask = |keeper: Arc<Keeper<Patient>>| actix::spawn(async move { keeper.ask(Wait).await });
    let (stays, goes) = (ask(keeper.clone()), ask(keeper.clone()));
    tokio::task::yield_now().await;
    assert_eq!(keeper.waiting(), 2);
    goes.abort();
    assert!(goes.await.unwrap_err().is_cancelled());
    assert_eq!(
        keeper.waiting(),
        2,
        "the command of the one that went is still to be done"
    );
    assert_eq!(keeper.ask(AnswerAll).await, Ok(1));
    assert_eq!(stays.await.unwrap(), Ok(()));
    assert_eq!(keeper.waiting(), 0);
}

#[actix::test]
async fn what_a_full_mailbox_refuses_is_counted_and_waits_for_nothing() {
    let keeper = Keeper::new(Kind::new("patient", 3), || Patient::default().start());
    // Nothing yields here, so the actor takes nothing out of its mailbox.
    let mut asked: Vec<_> = (0..8).map(|_| Box::pin(keeper.ask(Wait))).collect();
    let refused = asked
        .iter_mut()
        .filter_map(|ask| ask.as_mut().now_or_never())
        .inspect(|refusal| assert_eq!(*refusal, Err(Unavailable::Busy)))
        .count();
    assert_eq!((refused, keeper.kind().refused(), keeper.waiting()), (5, 5, 3));
}
