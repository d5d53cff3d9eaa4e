//! Failures of the proxy, of the store and of the actor.

use super::*;

#[actix::test]
async fn a_proxy_that_is_down_is_probed_and_everything_is_delivered_once_it_is_back() {
    let mut bench = Bench::new();
    for id in 1..=5 {
        bench.upload(id, "/users/alice").await;
    }
    let forwarder = bench.start();
    for error in [
        ProxyError::Timeout,
        ProxyError::Status(500),
        ProxyError::Connect("refused".to_owned()),
    ] {
        bench.asked().await.fail(error);
    }
    bench
        .until("being down", |bench| {
            !bench.health.status().up && bench.health.status().failed == 3
        })
        .await;
    let row = bench.row(2).unwrap().record;
    assert_eq!((row.attempts, row.last_error.is_some()), (1, true));
    for _ in 0..5 {
        bench.assert_quiet(&forwarder).await;
        bench.advance(60);
        wake(&forwarder);
        let probe = bench.asked().await;
        bench.assert_quiet(&forwarder).await;
        let failed = bench.health.status().failed;
        probe.fail(ProxyError::Timeout);
        bench
            .until("the failure", |bench| bench.health.status().failed == failed + 1)
            .await;
    }
    let down_since = bench.health.status().since.unwrap();
    assert_eq!(down_since, NOW);
    bench.advance(60);
    wake(&forwarder);
    for number in 1..=5 {
        bench.asked().await.give(number);
    }
    bench
        .until("an empty outbox", |bench| {
            backlog(&bench.store, 10).unwrap().rows == 0
        })
        .await;
    bench
        .until("being up", |bench| {
            bench.health.status().up && bench.health.status().last_error.is_none()
        })
        .await;
    bench.assert_quiet(&forwarder).await;
}

#[actix::test]
async fn one_refused_directory_does_not_hold_up_the_others() {
    let mut bench = Bench::new();
    bench.upload(1, "/bad").await;
    let forwarder = bench.start();
    let mut attempts = 0;
    for id in 2..=12 {
        bench.upload(id, "/good").await;
        wake(&forwarder);
        loop {
            let asked = bench.asked().await;
            if asked.directory == "/good" {
                asked.give(1);
                break;
            }
            attempts += 1;
            asked.fail(ProxyError::NoKey);
        }
        bench.until("the key", |bench| bench.key(id).is_some()).await;
        assert!(bench.health.status().up);
    }
    bench
        .until("the failures", |bench| {
            bench.row(1).unwrap().record.attempts == attempts
        })
        .await;
    assert_eq!(attempts, 1, "no time has passed");
    let waiting = pending(&bench.store, None, 10).unwrap();
    assert_eq!(waiting.len(), 1);
    let (_, id, row) = waiting.into_iter().next().unwrap();
    assert_eq!(
        (id, row.last_error.as_deref()),
        (1, Some("the Data Proxy gave no key for this directory"))
    );
}

#[actix::test]
async fn a_directory_corrected_by_a_new_upload_does_not_wait_for_the_old_ones_backoff() {
    let mut bench = Bench::new();
    bench.upload(1, "/bad").await;
    let forwarder = bench.start();
    bench.asked().await.fail(ProxyError::Status(400));
    bench
        .until("the failure", |bench| bench.row(1).unwrap().record.attempts == 1)
        .await;
    bench.assert_quiet(&forwarder).await;
    bench.upload_again(1, "/good").await;
    wake(&forwarder);
    assert_eq!(bench.asked().await.directory, "/good");
}

#[actix::test]
async fn a_panicking_client_is_a_failed_call() {
    let mut bench = Bench::new();
    bench.upload(1, "/panic").await;
    bench.upload(2, "/good").await;
    let _forwarder = bench.start();
    bench.asked().await.give(2);
    bench.until("the key", |bench| bench.key(2).is_some()).await;
    bench
        .until("the failure", |bench| bench.row(1).unwrap().record.attempts == 1)
        .await;
    assert_eq!(
        bench.row(1).unwrap().record.last_error,
        Some(ProxyError::Panicked.to_string())
    );
}

#[actix::test]
async fn a_received_key_is_kept_while_the_writers_queue_is_full() {
    let mut bench = Bench::new();
    bench.upload(1, "/one").await;
    let forwarder = bench.start();
    let asked = bench.asked().await;
    let permits: Vec<_> = std::iter::from_fn(|| bench.store.reserve().ok()).collect();
    assert!(!permits.is_empty());
    asked.give(1);
    forwarder.ask(Wake).await.unwrap();
    assert_eq!(bench.key(1), None);
    drop(permits);
    bench.until("the key", |bench| bench.key(1).is_some()).await;
    bench.assert_quiet(&forwarder).await;
}

#[actix::test]
async fn while_writes_are_off_no_key_is_requested() {
    let mut bench = Bench::new();
    bench.upload(1, "/one").await;
    let forwarder = bench.start();
    let asked = bench.asked().await;
    bench.engine.fail_after(0);
    asked.give(1);
    bench
        .until("the failure", |bench| bench.health.status().last_error.is_some())
        .await;
    bench.advance(600);
    for _ in 0..10 {
        forwarder.ask(Wake).await.unwrap();
    }
    assert!(bench.asked.try_recv().is_err());
    bench.engine.fail_after(u64::MAX);
    bench.store = Store::with_engine(Arc::new(bench.engine.clone()), 64);
    let _successor = bench.start();
    bench.asked().await.give(1);
    bench.until("the key", |bench| bench.key(1).is_some()).await;
}

#[actix::test]
async fn a_lost_actor_is_replaced_by_the_next_wake() {
    struct Halt;
    impl Message for Halt {
        type Result = ();
    }
    impl Handler<Halt> for Forwarder {
        type Result = ();
        fn handle(&mut self, _: Halt, context: &mut Context<Self>) {
            actix::ActorContext::terminate(context);
        }
    }
    let mut bench = Bench::new();
    let forwarder = bench.start();
    let lost = forwarder.address();
    lost.send(Halt).await.unwrap();
    bench.until("being lost", |_| !lost.connected()).await;
    bench.upload(1, "/one").await;
    wake(&forwarder);
    bench.asked().await.give(1);
    bench.until("the key", |bench| bench.key(1).is_some()).await;
}
