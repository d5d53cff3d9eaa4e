//! Parameters in paths and headers.

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

/// The headers of a request for a list of samples.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct SampleListHeaders {
    /// The `ETag` of a list that the client has.
    #[param(rename = "If-None-Match", required = false)]
    pub if_none_match: String,
    /// `gzip` for a compressed list.
    #[param(rename = "Accept-Encoding", required = false)]
    pub accept_encoding: String,
}

/// The header that asks for a part of a file.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct RangeHeader {
    /// The wanted part, as `bytes=0-1023`.
    #[param(rename = "Range", required = false)]
    pub range: String,
}

/// The header with the secret of the built-in Data Proxy.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct SecretHeader {
    /// The configured secret; not needed from the networks that may ask without it.
    #[param(rename = "X-Beamlive-Secret", required = false)]
    pub secret: String,
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

/// The survey key in a path.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SurveyKeyParameter {
    /// The session's survey key: the `survey` in the answer to `launch` ends with it.
    pub key: String,
}

/// The name of an archive in a path.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ArchiveName {
    /// The file name of the download: it ends with `.tar.gz` or `.tar`.
    pub name: String,
}
