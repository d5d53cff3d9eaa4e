#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::proxy::disk::{next_step, off_disk};
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

fn unresponsive() -> Unavailable {
    Unavailable::Disk("users' root 3 does not answer".into())
}

#[tokio::test]
async fn a_job_within_the_deadline_returns() {
    let disk = disk(1);
    assert_eq!(disk.run(|| 7).await, Ok(7));
    assert_eq!(disk.status().stuck, 0);
    assert!(disk.status().answers);
}

#[tokio::test]
async fn a_disk_that_hangs_refuses_jobs_and_recovers() {
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
        assert_eq!(waiting.await.unwrap(), Err(unresponsive()));
    }
    let status = disk.status();
    assert_eq!((status.stuck, status.answers), (2, false));
    let begun = Instant::now();
    assert_eq!(disk.run(|| 7).await, Err(unresponsive()));
    assert!(begun.elapsed() < DEADLINE, "refused at once");
    drop(held);
    while disk.status().stuck > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(disk.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn hanging_threads_are_replaced_when_the_root_answers() {
    let disk = disk(1);
    let (_never, work) = hanging();
    assert_eq!(disk.run(work).await, Err(unresponsive()));
    // The first refusal starts a probe.
    while disk.run(|| 7).await != Ok(7) {
        tokio::task::yield_now().await;
    }
    assert_eq!(disk.status().stuck, 1, "it still hangs");
}

#[tokio::test]
async fn a_job_of_many_steps_may_take_long() {
    let disk = disk(1);
    let (_never, wait) = mpsc::channel::<()>();
    let work = move || {
        for _ in 0..6 {
            let _ = wait.recv_timeout(DEADLINE / 3);
            next_step();
        }
        let _ = off_disk(|| wait.recv_timeout(DEADLINE * 2));
        9
    };
    assert_eq!(disk.run(work).await, Ok(9));
}

#[tokio::test]
async fn abandoned_jobs_are_not_run() {
    let disk = disk(1);
    let (release, work) = hanging();
    let first = tokio::spawn({
        let disk = disk.clone();
        async move { disk.run(work).await }
    });
    while disk.status().running == 0 {
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
async fn a_panic_affects_only_its_own_job() {
    // Printing the backtrace may take a while.
    let disk = Disk::new(3, "/proc".to_owned(), 1, Duration::from_secs(30));
    let lost = disk.run(|| -> u8 { panic!("a decoder gives up") }).await;
    assert_eq!(lost, Err(Unavailable::Lost("file reader")));
    assert_eq!(disk.run(|| 7).await, Ok(7));
}

#[tokio::test]
async fn jobs_beyond_the_queue_are_refused() {
    let disk = disk(1);
    let (release, work) = hanging();
    let mut waiting = vec![tokio::spawn({
        let disk = disk.clone();
        async move { disk.run(work).await }
    })];
    while disk.status().running == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..=QUEUE_PER_THREAD {
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
