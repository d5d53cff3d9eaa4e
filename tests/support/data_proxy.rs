//! A Data Proxy on a real socket. The test chooses how it answers.

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// How the proxy answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// A new key each time.
    Good,
    /// This status and body.
    Bad(u16, &'static str),
    /// No answer at all.
    Hanging,
    /// A new key, once [`FakeProxy::release`] is called.
    Slow,
    /// Status 500, once [`FakeProxy::release`] is called.
    SlowToFail,
    /// Status 500 and a new key, alternating.
    Flapping,
    /// Half an answer. Then the connection is closed.
    BreaksOff,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    /// Whether it reads JSON instead of forms.
    reads_json: AtomicBool,
    /// How many calls came in the format that it does not read.
    unread: AtomicUsize,
    calls: Mutex<Vec<Call>>,
    keys: AtomicUsize,
    /// How many calls run now, and the maximum so far.
    running: AtomicUsize,
    most: AtomicUsize,
    held: AtomicUsize,
    released: Notify,
}

/// Counts a call as running until this is dropped.
struct Running(Data<Shared>);

impl Running {
    fn new(shared: &Data<Shared>) -> Self {
        let running = shared.running.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most.fetch_max(running, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A call that the proxy received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub content_type: String,
    /// The form field `path`.
    pub directory: String,
    /// The key in the answer.
    pub key: Option<String>,
}

/// The proxy. It stops when this is dropped.
#[derive(Debug)]
pub struct FakeProxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    handle: ServerHandle,
}

impl FakeProxy {
    pub async fn start(mood: Mood) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), mood).await
    }

    /// Starts it at a given address.
    pub async fn start_at(address: SocketAddr, mood: Mood) -> Self {
        let shared = Arc::new(Shared {
            mood: Mutex::new(mood),
            reads_json: AtomicBool::new(false),
            unread: AtomicUsize::new(0),
            calls: Mutex::default(),
            keys: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            released: Notify::new(),
        });
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let data = Data::from(shared.clone());
        let server =
            HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(answer)))
                .workers(1)
                .shutdown_timeout(0)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            shared,
            address,
            handle,
        }
    }

    /// The value for the setting `proxy_url`.
    pub fn url(&self) -> String {
        format!("http://{}/download", self.address)
    }

    pub fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Sets whether it reads only JSON, as one version does, or only forms, as all others do.
    pub fn read_json(&self, json: bool) {
        self.shared.reads_json.store(json, Ordering::SeqCst);
    }

    /// How many calls came in the format that it does not read. [`Self::calls`] does not contain
    /// them.
    pub fn unread(&self) -> usize {
        self.shared.unread.load(Ordering::SeqCst)
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// How many calls wait for [`Self::release`].
    pub fn held(&self) -> usize {
        self.shared.held.load(Ordering::SeqCst)
    }

    /// Answers the calls that wait.
    pub fn release(&self) {
        self.shared.held.store(0, Ordering::SeqCst);
        self.shared.released.notify_waiters();
    }

    /// How many calls run now.
    pub fn running(&self) -> usize {
        self.shared.running.load(Ordering::SeqCst)
    }

    /// The maximum number of calls that ran at a time since the last call of this function.
    pub fn most_at_a_time(&self) -> usize {
        self.shared.most.swap(self.running(), Ordering::SeqCst)
    }

    /// The directories for which it gave keys, in order, with the keys.
    pub fn given(&self) -> Vec<(String, String)> {
        self.calls()
            .into_iter()
            .filter_map(|call| Some((call.directory, call.key?)))
            .collect()
    }
}

impl Drop for FakeProxy {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn answer(request: HttpRequest, shared: Data<Shared>, body: web::Bytes) -> HttpResponse {
    let is_json = request
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    if is_json != shared.reads_json.load(Ordering::SeqCst) {
        shared.unread.fetch_add(1, Ordering::SeqCst);
        return HttpResponse::InternalServerError().finish();
    }
    let _running = Running::new(&shared);
    let mut mood = *shared.mood.lock().unwrap();
    if mood == Mood::Flapping {
        let turn = shared.calls.lock().unwrap().len() % 2;
        mood = [Mood::Bad(500, ""), Mood::Good][turn];
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    let directory = match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(json) if is_json => json["path"].as_str().unwrap_or_default().to_owned(),
        _ => form
            .into_iter()
            .find_map(|(name, value)| (name == "path").then_some(value))
            .unwrap_or_default(),
    };
    let key = matches!(mood, Mood::Good | Mood::Slow)
        .then(|| format!("{:040x}", 0xabc000 + shared.keys.fetch_add(1, Ordering::SeqCst)));
    let content_type = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    shared.calls.lock().unwrap().push(Call {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        content_type: content_type.unwrap_or_default().to_owned(),
        directory,
        key: key.clone(),
    });
    match mood {
        Mood::Good => HttpResponse::Ok().json(serde_json::json!({ "key": key })),
        Mood::Bad(status, body) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status)
                .content_type("application/json")
                .body(body)
        }
        Mood::Hanging => std::future::pending().await,
        Mood::BreaksOff => HttpResponse::Ok()
            .no_chunking(100)
            .streaming(futures_util::stream::iter([Err::<web::Bytes, _>(
                std::io::Error::other("gone"),
            )])),
        Mood::Slow | Mood::SlowToFail => {
            let released = shared.released.notified();
            tokio::pin!(released);
            released.as_mut().enable();
            shared.held.fetch_add(1, Ordering::SeqCst);
            released.await;
            match key {
                Some(key) => HttpResponse::Ok().json(serde_json::json!({ "key": key })),
                None => HttpResponse::InternalServerError().finish(),
            }
        }
        Mood::Flapping => unreachable!("replaced above by Bad or Good"),
    }
}
