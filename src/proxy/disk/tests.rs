#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use std::sync::mpsc;

const DEADLINE: Duration = Duration::from_millis(200);

fn disk(threads: usize) -> Arc<Disk> {
    Disk::new(3, "/proc".to_owned(), threads, DEADLINE)
}

/// Work that hangs until the sender is dropped.
fn hanging() -> (mpsc::Sender<()>, impl FnOnce() -> u8 + Send) {
    let (release, wait) = mpsc::channel::<()>();
    let work = move || {
        let _ = wait.recv();
        1
    };
    (release, work)
}

fn silent() -> Unavailable {
    Unavailable::Disk("users' root 3 does not answer".into())
}

#[tokio::test]
async fn what_comes_back_in_time_is_answered() {
    let disk = disk(1);
    assert_eq!(disk.run(|| 7).await, Ok(7));
    assert_eq!(disk.standing().stuck, 0);
    assert!(disk.standing().answers);
}

#[tokio::test]
async fn a_disk_that_hangs_refuses_and_answers_again_by_itself() {
    let disk = disk(2);
    let mut held = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let (release, work) = hanging();
        held.push(release);
        waiting.push(tokio::spawn({
            let disk = disk.clone();
            async move { disk.run(work).await }
        }));
    }
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Err(silent()));
    }
    let standing = disk.standing();
    assert_eq!((standing.stuck, standing.answers), (2, false));
    let begun = Instant::now();
    assert_eq!(disk.run(|| 7).await, Err(silent()));
    assert!(begun.elapsed() < DEADLINE, "refused at once");
    drop(held);
    while disk.standing().stuck > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(disk.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn threads_that_hang_for_ever_are_replaced_once_the_root_answers() {
    let disk = disk(1);
    let (_never, work) = hanging();
    assert_eq!(disk.run(work).await, Err(silent()));
    // The first to be refused has the root asked.
    while disk.run(|| 7).await != Ok(7) {
        tokio::task::yield_now().await;
    }
    assert_eq!(disk.standing().stuck, 1, "it still hangs");
}

#[tokio::test]
async fn work_in_many_steps_may_take_long() {
    let disk = disk(1);
    let (_never, wait) = mpsc::channel::<()>();
    let work = move || {
        for _ in 0..6 {
            let _ = wait.recv_timeout(DEADLINE / 3);
            beat();
        }
        let _ = elsewhere(|| wait.recv_timeout(DEADLINE * 2));
        9
    };
    assert_eq!(disk.run(work).await, Ok(9));
}

#[tokio::test]
async fn nobody_waits_for_what_was_given_up() {
    let disk = disk(1);
    let (release, work) = hanging();
    let first = tokio::spawn({
        let disk = disk.clone();
        async move { disk.run(work).await }
    });
    while disk.standing().running == 0 {
        tokio::task::yield_now().await;
    }
    let (ran, has_run) = mpsc::channel();
    let second = disk.run(move || ran.send(()).unwrap());
    assert!(timeout(Duration::from_millis(10), second).await.is_err());
    drop(release);
    assert_eq!(first.await.unwrap(), Ok(1));
    assert_eq!(disk.run(|| 7).await, Ok(7));
    assert!(has_run.try_recv().is_err());
}

#[tokio::test]
async fn a_panic_costs_its_own_work_only() {
    // To print where it happened may take a while.
    let disk = Disk::new(3, "/proc".to_owned(), 1, Duration::from_secs(30));
    let lost = disk.run(|| -> u8 { panic!("a decoder gives up") }).await;
    assert_eq!(lost, Err(Unavailable::Lost("file reader")));
    assert_eq!(disk.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn more_than_can_wait_are_refused() {
    let disk = disk(1);
    let (release, work) = hanging();
    let mut waiting = vec![tokio::spawn({
        let disk = disk.clone();
        async move { disk.run(work).await }
    })];
    while disk.standing().running == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..=WAITING {
        let disk = disk.clone();
        waiting.push(tokio::spawn(async move { disk.run(|| 1).await }));
        tokio::task::yield_now().await;
    }
    drop(release);
    let mut refused = 0;
    for waiting in waiting {
        match waiting.await.unwrap() {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error, Unavailable::Busy);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 1);
}
