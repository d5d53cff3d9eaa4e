//! The built-in Data Proxy, `/download`: creates keys for directories, and serves the files behind
//! keys.

pub mod archive;
pub mod create;
pub mod frame;
pub mod multi;
mod picture;
pub mod raw;
mod request;
pub mod snapshot;

use super::{on, read, GET, GET_POST, POST};
use actix_web::web::{self, ServiceConfig};

/// Declares the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on("/download/data/create", POST).route(web::post().to(create::post)))
        .service(on("/download/files/raw/{key}/{path:.*}", GET).route(read().to(raw::get)))
        .service(on("/download/files/archive/{key}/{name}", GET).route(read().to(archive::get)))
        .service(
            on("/download/files/multi/{key}/{name}", GET_POST)
                .route(read().to(multi::get))
                .route(web::post().to(multi::post)),
        )
        .service(
            on("/download/files/frame/{key}/{path:.*}/{brightness}.png", GET).route(read().to(frame::get)),
        )
        .service(on("/download/files/snapshot/{key}/{path:.*}", GET).route(read().to(snapshot::get)));
}
