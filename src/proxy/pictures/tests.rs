#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use std::sync::mpsc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

fn pictures(directory: &TempDir, most: usize) -> Arc<Pictures> {
    let cache = Cache::open(directory.path().to_owned(), 1_000_000).unwrap();
    Arc::new(Pictures::new(cache, most).unwrap())
}

fn disk() -> Arc<Disk> {
    Disk::new(1, String::new(), 2, std::time::Duration::from_secs(10))
}

fn key(inode: u64) -> CacheKey {
    let identity = Identity {
        device: 1,
        inode,
        length: 3,
        modified: 4,
    };
    CacheKey::of_file("nm", &identity)
}

/// Requests a picture whose making waits for a message of the returned sender. Returns when the
/// making has begun.
async fn begin(pictures: &Arc<Pictures>) -> (mpsc::Sender<()>, JoinHandle<Outcome>) {
    let (gate, wait) = mpsc::channel::<()>();
    let request = tokio::spawn({
        let pictures = pictures.clone();
        async move {
            let make = move |_: &Pictures| {
                wait.recv().unwrap();
                Ok(b"picture".to_vec())
            };
            pictures.make_once(key(1), disk(), make).await
        }
    });
    while pictures.made() == 0 {
        tokio::task::yield_now().await;
    }
    (gate, request)
}

#[tokio::test]
async fn one_picture_is_made_for_all_requests_and_pending_ones_are_limited() {
    let directory = TempDir::new().unwrap();
    let pictures = pictures(&directory, 1);
    let (gate, first) = begin(&pictures).await;
    let others: Vec<_> = (0..31)
        .map(|_| {
            let pictures = pictures.clone();
            tokio::spawn(async move {
                pictures
                    .make_once(key(1), disk(), |_| Ok(b"another".to_vec()))
                    .await
            })
        })
        .collect();
    // The limit of pending pictures is reached.
    let refused = pictures.make_once(key(2), disk(), |_| Ok(Vec::new())).await;
    assert_eq!(refused, Err(Unavailable::Busy.into()));
    gate.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), "picture");
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), "picture");
    }
    assert_eq!(pictures.made(), 1);
    assert_eq!(pictures.cached(key(1)).await.unwrap().unwrap(), "picture");
    assert_eq!(
        pictures
            .make_once(key(2), disk(), |_| Ok(b"2".to_vec()))
            .await
            .unwrap(),
        "2"
    );
}

#[tokio::test]
async fn a_picture_is_completed_when_all_callers_have_gone() {
    let directory = TempDir::new().unwrap();
    let pictures = pictures(&directory, 4);
    let (gate, asking) = begin(&pictures).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    gate.send(()).unwrap();
    let late = pictures
        .make_once(key(1), disk(), |_| Ok(b"another".to_vec()))
        .await;
    assert_eq!(late.unwrap(), "picture");
    assert_eq!(pictures.made(), 1);
}

#[tokio::test]
async fn the_next_request_tries_again_after_a_failure() {
    let directory = TempDir::new().unwrap();
    let pictures = pictures(&directory, 1);
    let panicked = pictures.make_once(key(1), disk(), |_| panic!("on purpose")).await;
    assert!(matches!(
        panicked,
        Err(PictureError::Frame(FrameError::Damaged(_)))
    ));
    let damaged = FrameError::Damaged("x".to_owned());
    let refused = pictures.make_once(key(1), disk(), {
        let damaged = damaged.clone();
        move |_| Err(damaged.into())
    });
    assert_eq!(refused.await, Err(damaged.into()));
    let made = pictures
        .make_once(key(1), disk(), |_| Ok(b"picture".to_vec()))
        .await;
    assert_eq!(made.unwrap(), "picture");
    assert_eq!(pictures.made(), 3);
}
