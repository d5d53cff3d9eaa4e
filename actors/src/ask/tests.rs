#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::FutureExt;

/// Keeps commands until it is asked to answer them all.
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
async fn commands_count_as_waiting_until_they_are_answered_even_if_the_caller_has_gone() {
    let supervisor = Arc::new(Supervisor::new(Kind::new("patient", 16), || {
        Patient::default().start()
    }));
    assert_eq!(supervisor.waiting(), 0);
    let ask = |supervisor: Arc<Supervisor<Patient>>| actix::spawn(async move { supervisor.ask(Wait).await });
    let (stays, goes) = (ask(supervisor.clone()), ask(supervisor.clone()));
    tokio::task::yield_now().await;
    assert_eq!(supervisor.waiting(), 2);
    goes.abort();
    assert!(goes.await.unwrap_err().is_cancelled());
    assert_eq!(
        supervisor.waiting(),
        2,
        "the command of the caller that has gone is still there"
    );
    assert_eq!(supervisor.ask(AnswerAll).await, Ok(1));
    assert_eq!(stays.await.unwrap(), Ok(()));
    assert_eq!(supervisor.waiting(), 0);
}

#[actix::test]
async fn refusals_of_a_full_mailbox_are_counted_and_do_not_wait() {
    let supervisor = Supervisor::new(Kind::new("patient", 3), || Patient::default().start());
    // Nothing yields here, so the actor takes nothing out of its mailbox.
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
