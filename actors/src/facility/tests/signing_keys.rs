//! Keys that are registered, set and reset.

use super::*;

#[actix::test]
async fn the_first_key_is_kept_and_may_be_registered_again() {
    let bench = Bench::with_alice().await;
    bench.clock.set(Timestamp(9_000_000));
    assert_eq!(
        bench.register(&format!("{ONE} alice@home")).await,
        Registration::Registered
    );
    assert_eq!(bench.register(ONE).await, Registration::SameKey);
    assert_eq!(bench.register(TWO).await, Registration::AnotherKey);
    let alice = bench.alice();
    assert_eq!(
        (alice.key.as_deref(), alice.created, alice.modified),
        (Some(ONE), Timestamp(1_000_000), Timestamp(9_000_000))
    );
    assert_published_is_stored(&bench);

    let mut unknown = register(ONE);
    unknown.username = "eve".to_owned();
    assert_eq!(
        bench.actor.ask(unknown).await.unwrap(),
        Ok(Registration::UnknownUser)
    );

    let log = bench.activity();
    let (who, action, note, record) = log.last().unwrap();
    assert_eq!(
        (log.len(), who.as_str(), action.as_str(), *record),
        (3, "alice", "register key", Some(1))
    );
    assert!(note.starts_with("ssh-ed25519 SHA256:"), "{note}");
}

#[actix::test]
async fn exactly_one_of_many_concurrent_keys_is_registered() {
    let bench = Bench::with_alice().await;
    let lines = [ONE, TWO, ONE, TWO, TWO, ONE];
    let answers = futures_util::future::join_all(lines.map(|line| bench.register(line))).await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == Registration::Registered)
            .count(),
        1
    );
    let winner = bench.alice().key.unwrap();
    for (line, answer) in lines.iter().zip(answers) {
        assert_eq!(
            answer == Registration::AnotherKey,
            *line != winner,
            "{line} {answer:?}"
        );
    }
}

#[actix::test]
async fn an_operator_sets_replaces_and_resets_a_key() {
    let bench = Bench::with_alice().await;
    assert_eq!(bench.set(Some(ONE)).await, KeySetting::Done);
    assert_eq!(bench.set(Some(ONE)).await, KeySetting::Done);
    assert_eq!(bench.set(Some(TWO)).await, KeySetting::Done);
    assert_eq!(bench.alice().key.as_deref(), Some(TWO));
    assert_eq!(bench.set(None).await, KeySetting::Done);
    assert_eq!(bench.alice().key, None);
    assert_eq!(bench.catalog.last_known().signing_key(ProjectId(1)), None);
    assert!(matches!(
        bench.set(Some("ssh-ed25519 x")).await,
        KeySetting::BadKey(_)
    ));
    assert_eq!(
        bench.actor.ask(set("eve", None)).await.unwrap(),
        Ok(KeySetting::UnknownUser)
    );
    assert_eq!(bench.register(ONE).await, Registration::Registered);
    assert_published_is_stored(&bench);
    let log: Vec<_> = bench
        .activity()
        .into_iter()
        .skip(2)
        .map(|(_, action, ..)| action)
        .collect();
    assert_eq!(log, ["set key", "replace key", "reset key", "register key"]);
}

#[actix::test]
async fn a_file_that_sets_keys_logs_each_of_them() {
    let bench = Bench::with_alice().await;
    bench.register(ONE).await;
    let text = format!(
        "[[project]]\nusername = 'alice'\nkey = '{TWO}'\n[[project]]\nusername = 'bob'\nkey = '{ONE}'"
    );
    bench.apply(&text).await;
    assert_published_is_stored(&bench);
    let log: Vec<_> = bench
        .activity()
        .into_iter()
        .skip(3)
        .map(|(_, action, _, record)| (action, record))
        .collect();
    let entry = |action: &str, record| (action.to_owned(), record);
    assert_eq!(
        log,
        [
            entry("apply", None),
            entry("replace key", Some(1)),
            entry("set key", Some(2))
        ]
    );
    let (start, end) = keys::below(&keys::record(Table::ActivityByProject, IdRef::Known(2)), None);
    assert_eq!(bench.store.scan_keys(&start, &end, Order::Ascending).count(), 1);
}
