//! A Data Proxy on a real socket, which does what a test tells it to.

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// A new key each time.
    Good,
    /// This status and body.
    Bad(u16, &'static str),
    /// Nothing, ever.
    Hanging,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    calls: Mutex<Vec<Call>>,
    keys: AtomicUsize,
}

/// One call that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub content_type: String,
    /// The form field `path`.
    pub directory: String,
    /// The key that it gave.
    pub key: Option<String>,
}

/// The proxy. It is gone when dropped.
#[derive(Debug)]
pub struct FakeProxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    handle: ServerHandle,
}

impl FakeProxy {
    pub async fn start(mood: Mood) -> Self {
        let shared = Arc::new(Shared {
            mood: Mutex::new(mood),
            calls: Mutex::default(),
            keys: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
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

    /// What `proxy_url` is to be.
    pub fn url(&self) -> String {
        format!("http://{}/download", self.address)
    }

    pub fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// Directories that it was asked for, in order, and the keys that it gave.
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
    let mood = *shared.mood.lock().unwrap();
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    let directory = form
        .into_iter()
        .find_map(|(name, value)| (name == "path").then_some(value))
        .unwrap_or_default();
    let key = (mood == Mood::Good)
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
    }
}
