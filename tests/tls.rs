//! TLS at the service's own address.

mod clients;
mod commands;
mod limits;
mod protocols;
mod replaced;

use crate::support::{Certificates, Site};
use beamlive::config::Settings;

/// Turns TLS on.
fn with_tls(settings: &mut Settings, certificates: &Certificates) {
    settings.tls.certificate = Some(certificates.path("service.pem"));
    settings.tls.key = Some(certificates.path("service.key"));
    settings.tls.reload_seconds = 1;
}

async fn site(certificates: &Certificates) -> Site {
    Site::with(|settings| with_tls(settings, certificates)).await
}
