#![allow(clippy::unwrap_used)]
use super::super::gate::Gate;
use super::super::transport::Socket;
use super::*;
use crate::config::Limits;
use crate::metrics::counters::Metrics;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio_rustls::{client, TlsAcceptor, TlsConnector};

/// More than the socket takes, and less than the buffers of TLS hold.
const ANSWER: usize = 60_000;

/// A connection with TLS over a socket that takes little, and its client.
async fn connection(rules: Rules) -> (Stream, client::TlsStream<UnixStream>) {
    beamlive_client::http::install_crypto();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key);
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (ours, theirs) = UnixStream::pair().unwrap();
    socket2::SockRef::from(&ours).set_send_buffer_size(4096).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server.unwrap()));
    let connector = TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let (ours, theirs) = tokio::join!(
        acceptor.accept(Socket::from(ours)),
        connector.connect(name, theirs)
    );
    let place = rules.gate.enter().unwrap();
    let transport = Transport::Tls(Box::new(ours.unwrap()));
    (Stream::new(transport, Rc::new(rules), place), theirs.unwrap())
}

fn rules() -> Rules {
    let limits = Limits {
        write_seconds: 1,
        ..Limits::default()
    };
    Rules::new(&limits, Arc::new(Gate::new(1)), Metrics::new(), None)
}

#[actix_web::test]
async fn an_answer_that_waits_in_the_buffers_of_tls_has_a_deadline() {
    let (mut stream, _client) = connection(rules()).await;
    // TLS takes all of it, so only the flush can find that the client does not read.
    stream.write_all(&[7; ANSWER]).await.unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(20), stream.flush()).await;
    let error = flushed.unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[actix_web::test]
async fn a_client_that_reads_a_little_at_a_time_gets_all_of_it() {
    let (mut stream, mut client) = connection(rules()).await;
    let writing = async {
        stream.write_all(&[7; ANSWER]).await.unwrap();
        stream.flush().await.unwrap();
    };
    let reading = async {
        let (mut read, mut buffer) = (0, [0; 8192]);
        while read < ANSWER {
            // Longer than the deadline in all.
            tokio::time::sleep(Duration::from_millis(200)).await;
            read += tokio::io::AsyncReadExt::read(&mut client, &mut buffer)
                .await
                .unwrap();
        }
    };
    tokio::join!(writing, reading);
}
