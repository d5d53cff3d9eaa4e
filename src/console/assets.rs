//! Style sheets and scripts. Their addresses change with their contents, so browsers keep them.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::HttpResponse;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("console.css");
const SCRIPT: &str = concat!(
    include_str!("live.js"),
    include_str!("viewer.js"),
    include_str!("moves.js"),
    include_str!("sheet.js")
);

static STYLE_FILE: LazyLock<File> = LazyLock::new(|| {
    File::new(
        "css",
        "text/css; charset=utf-8",
        format!("{}{STYLE}", beamlive_page::STYLE),
    )
});
static SCRIPT_FILE: LazyLock<File> = LazyLock::new(|| {
    File::new(
        "js",
        "text/javascript; charset=utf-8",
        format!("{}{SCRIPT}", beamlive_page::FIGURE_SCRIPT),
    )
});

struct File {
    name: String,
    path: String,
    kind: &'static str,
    text: String,
}

impl File {
    fn new(extension: &str, kind: &'static str, text: String) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let name = format!(
            "{}.{extension}",
            HEXLOWER.encode(digest.first_chunk::<8>().unwrap_or(&[0; 8]))
        );
        Self {
            path: format!("/assets/{name}"),
            name,
            kind,
            text,
        }
    }
}

/// The address of the style sheet.
pub(super) fn style() -> &'static str {
    &STYLE_FILE.path
}

/// The address of the script.
pub(super) fn script() -> &'static str {
    &SCRIPT_FILE.path
}

/// `GET /assets/{name}`
pub async fn get(name: Path<String>) -> HttpResponse {
    let files = [&*STYLE_FILE, &*SCRIPT_FILE];
    let Some(file) = files.into_iter().find(|file| file.name == *name) else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .content_type(file.kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(file.text.as_str())
}
