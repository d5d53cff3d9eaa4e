//! One path of the service: its handlers by method, and their descriptions.
//!
//! A handler's `#[utoipa::path]` attribute holds its path and its method. [`resource!`] reads both
//! from there, so a route is registered exactly as it is described.

use crate::error::ApiError;
use crate::metrics::Pattern;
use actix_web::guard;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::Route;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::OpenApi;

/// A resource of the handlers named: `resource!(survey::get, survey::post)`. All of them must
/// describe the same path.
macro_rules! resource {
    ($($($segment:ident)::+),+) => {
        $crate::router::resource::Resource::new([$({
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($segment)::+))]
            struct Description;
            $crate::router::resource::Handler {
                description: <Description as utoipa::OpenApi>::openapi(),
                bind: |route| route.to($($segment)::+),
            }
        }),+])
    };
}
pub(super) use resource;

pub(super) type Bind = fn(Route) -> Route;

/// A handler with its description.
pub(super) struct Handler {
    /// Its path, its method and the shapes of its bodies.
    pub(super) description: OpenApi,
    /// Sets it as the handler of a route.
    pub(super) bind: Bind,
}

/// A path with the handlers of its methods.
pub(super) struct Resource {
    /// As it is described, with parameters in braces.
    path: String,
    /// As the router reads it.
    pattern: String,
    handlers: Vec<(Method, Bind)>,
    description: OpenApi,
    takes_head: bool,
    /// The value of `Allow` for other methods.
    allowed: String,
}

impl Resource {
    pub(super) fn new(handlers: impl IntoIterator<Item = Handler>) -> Self {
        let mut resource = Self {
            path: String::new(),
            pattern: String::new(),
            handlers: Vec::new(),
            description: OpenApi::default(),
            takes_head: true,
            allowed: String::new(),
        };
        for Handler {
            mut description,
            bind,
        } in handlers
        {
            for (path, item) in &mut description.paths.paths {
                resource.path.clone_from(path);
                let methods = operations(item).map(|(method, _)| (method, bind));
                resource.handlers.extend(methods);
            }
            resource.description.merge(description);
        }
        resource.derived()
    }

    /// Pages of the console at a path. They are for people, and not in the document of routes.
    pub(super) fn pages(path: &str, handlers: &[(Method, Bind)]) -> Self {
        let resource = Self {
            path: path.to_owned(),
            pattern: String::new(),
            handlers: handlers.to_vec(),
            description: OpenApi::default(),
            takes_head: true,
            allowed: String::new(),
        };
        resource.derived()
    }

    /// Its path, with parameters in braces.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The same handlers at another path.
    pub(super) fn at(mut self, path: &str) -> Self {
        if let Some(item) = self.description.paths.paths.remove(&self.path) {
            self.description.paths.paths.insert(path.to_owned(), item);
        }
        path.clone_into(&mut self.path);
        self.derived()
    }

    /// GET without HEAD, for answers that are made while they are sent.
    pub(super) fn without_head(mut self) -> Self {
        self.takes_head = false;
        self.derived()
    }

    /// Sets what follows from the path and the methods.
    fn derived(mut self) -> Self {
        // Other parameters end at the next slash.
        self.pattern = self.path.replace("{path}", "{path:.*}");
        let methods = self.handlers.iter().map(|(method, _)| match method.as_str() {
            "GET" if self.takes_head => "GET, HEAD",
            other => other,
        });
        self.allowed = methods.collect::<Vec<_>>().join(", ");
        for (path, item) in &mut self.description.paths.paths {
            for (method, operation) in operations(item) {
                operation.operation_id = Some(operation_id(&method, path));
            }
        }
        self
    }

    /// Registers the path with and without its trailing slash. Other methods get 405.
    pub(super) fn register(&'static self, config: &mut ServiceConfig) {
        let paths = [self.pattern.clone(), format!("{}/", self.pattern)];
        let mut resource = web::resource(paths).app_data(Pattern(&self.pattern));
        for (method, bind) in &self.handlers {
            let route = if *method == Method::GET && self.takes_head {
                web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
            } else {
                web::method(method.clone())
            };
            resource = resource.route(bind(route));
        }
        let allowed = self.allowed.as_str();
        let other = move || async move { Err::<&str, _>(ApiError::WrongMethod(allowed)) };
        config.service(resource.default_service(web::to(other)));
    }

    /// What the handlers' attributes say.
    pub(super) fn description(&self) -> OpenApi {
        self.description.clone()
    }
}

/// The operations of a path, by method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::DELETE, &mut item.delete),
    ];
    operations
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// `post_api_v2_signed_data_beamline`: unique, because every pair of path and method is.
fn operation_id(method: &Method, path: &str) -> String {
    let path = path.replace("{token}", "signed");
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.fold(method.as_str().to_ascii_lowercase(), |id, word| {
        format!("{id}_{word}")
    })
}
