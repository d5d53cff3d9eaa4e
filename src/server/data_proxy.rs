//! The Data Proxy of the service: an external one to forward to, or the built-in one and its files.

use super::failure::StartError;
use crate::config::Settings;
use crate::proxy::builtin::{Admission, BuiltinProxy};
use crate::proxy::cache::Cache;
use crate::proxy::client::HttpProxy;
use crate::proxy::disk::Disks;
use crate::proxy::files::Files;
use crate::proxy::pictures::Pictures;
use crate::proxy::remote::RemoteFiles;
use crate::proxy::roots::Roots;
use crate::proxy::shelf::Shelf;
use beamlive_actors::clock::{Clock, KeySource};
use beamlive_actors::forwarder::DataProxy;
use beamlive_actors::published::Published;
use beamlive_storage::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The external Data Proxy, if any: `given`, or the configured one.
pub(super) fn external(
    settings: &Settings,
    given: Option<Arc<dyn DataProxy>>,
) -> Result<Option<Arc<dyn DataProxy>>, StartError> {
    match (given, &settings.proxy_url) {
        (Some(proxy), _) => Ok(Some(proxy)),
        (None, Some(url)) => {
            let timeout = Duration::from_secs(settings.proxy.timeout_seconds);
            let secret = settings.proxy.secret.as_deref();
            let ca_file = settings.proxy.ca_file.as_deref();
            Ok(Some(Arc::new(HttpProxy::new(url, timeout, secret, ca_file)?)))
        }
        (None, None) => Ok(None),
    }
}

/// The files of the configured external Data Proxy, if any.
pub(super) fn remote_files(settings: &Settings) -> Result<Option<RemoteFiles>, StartError> {
    let url = settings.proxy_url.as_deref();
    let made = url.map(|url| RemoteFiles::new(url, settings.proxy.ca_file.as_deref()));
    Ok(made.transpose()?)
}

/// The built-in Data Proxy, and its files unless `proxy.mounted` is off.
pub(super) fn built_in(
    settings: &Settings,
    store: &Store,
    published: &Arc<Published>,
    keys: &Arc<dyn KeySource>,
    clock: &Arc<dyn Clock>,
) -> Result<(BuiltinProxy, Option<Arc<Files>>), StartError> {
    let proxy = &settings.proxy;
    let mut roots = absolute(&settings.users_root);
    roots.extend(
        proxy
            .alternates
            .iter()
            .map(|alternate| PathBuf::from(&alternate.to)),
    );
    let roots = Arc::new(Roots::new(roots)?);
    let shelf = Shelf {
        store: store.clone(),
        published: published.clone(),
        clock: clock.clone(),
        disks: Disks::new(
            roots.paths(),
            proxy.file_threads,
            Duration::from_secs(proxy.file_seconds),
        ),
        roots: roots.clone(),
        alternates: proxy.alternates.clone().into(),
        lifetime: proxy.key_lifetime(),
    };
    let files = match proxy.mounted {
        true => {
            let pictures = Pictures::new(cache(settings)?, proxy.pictures).map_err(StartError::Threads)?;
            let files = Files::new(shelf, pictures, proxy).map_err(StartError::Threads)?;
            Some(Arc::new(files))
        }
        false => None,
    };
    let built_in = BuiltinProxy {
        store: store.clone(),
        roots,
        keys: keys.clone(),
        clock: clock.clone(),
        admission: Admission {
            allow_from: proxy.allow_from.clone(),
            secret: proxy.secret.clone(),
        },
    };
    Ok((built_in, files))
}

fn cache(settings: &Settings) -> Result<Cache, StartError> {
    let configured = settings.proxy.cache_dir.clone();
    let path = configured.unwrap_or_else(|| settings.data.join("cache"));
    let opened = Cache::open(path.clone(), settings.proxy.cache_bytes);
    opened.map_err(|source| StartError::Cache { path, source })
}

/// `roots` as absolute paths. One that can't be made absolute stays, and is refused later.
fn absolute(roots: &[PathBuf]) -> Vec<PathBuf> {
    roots
        .iter()
        .map(|root| std::path::absolute(root).unwrap_or_else(|_| root.clone()))
        .collect()
}
