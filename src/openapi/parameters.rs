//! Parameters that several routes share.

use utoipa::IntoParams;

/// The header of an upload.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// The client's own name of this upload. The same upload again under the same key within 24 h
    /// is answered with the same id, and changes nothing.
    #[param(rename = "Idempotency-Key", required = false)]
    pub key: String,
}

/// The beamline in a path.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct BeamlineParameter {
    /// Acronym of the beamline.
    pub beamline: String,
}

/// The secure key in a path of the built-in Data Proxy.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SecureKeyParameter {
    /// The key of a directory: 40 hex digits.
    pub key: String,
}

/// The name of an archive in a path.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ArchiveName {
    /// The file name of the download: it ends with `.tar.gz` or `.tar`.
    pub name: String,
}
