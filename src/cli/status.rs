//! `beamlive status`: what is going on at a running service.
//!
//! | file | what it holds |
//! |---|---|
//! | `scrape.rs` | reads the text format of metrics. Pure |
//! | `picture.rs` | what is going on, from two scrapes and the admin API. Pure |
//! | `lines.rs` | the same as lines for people. Pure |

mod lines;
mod picture;
mod scrape;

use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::admin::{Admin, Service};
use beamlive_client::{print, Failure};
use clap::{Args, ValueEnum};
use humantime::Duration;
use picture::{Picture, Readiness, Session};
use scrape::Scrape;
use std::io::{IsTerminal, Write};
use std::time::Instant;

/// How long requests are counted without --watch.
const MOMENT: std::time::Duration = std::time::Duration::from_secs(1);
/// Clears a terminal.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Show who has which beamline, how many requests are answered and how fast, the outbox, the store
/// and its disk.
#[derive(Debug, Args)]
pub struct Status {
    /// Show it again at this interval, until it is interrupted [default: 2s].
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "2s")]
    watch: Option<Duration>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where health and metrics are, if health.listen is set [default: the service's URL].
    #[arg(long, value_name = "URL")]
    health_url: Option<String>,
    #[command(flatten)]
    service: Service,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The metrics, and when they were read.
struct Scraped {
    scrape: Scrape,
    at: Instant,
}

impl Status {
    /// Shows it once, or until it is interrupted.
    ///
    /// # Errors
    /// When the service can't be reached; with `--watch`, only at the beginning.
    pub async fn run(self) -> Result<(), Failure> {
        let admin = self.service.admin()?;
        let machines = match &self.health_url {
            Some(url) => Admin::new(url, &self.service.token_file, &self.service.trust)?,
            None => admin.clone(),
        };
        let mut before = scrape(&machines).await?;
        let pause = self.watch.map_or(MOMENT, Into::into);
        loop {
            tokio::time::sleep(pause).await;
            match self.look(&admin, &machines, &before).await {
                Ok((picture, now)) => {
                    before = now;
                    self.show(&picture)?;
                }
                Err(error) if self.watch.is_none() => return Err(error),
                // It may come back.
                Err(error) => print(error)?,
            }
            if self.watch.is_none() {
                return Ok(());
            }
        }
    }

    async fn look(
        &self,
        admin: &Admin,
        machines: &Admin,
        before: &Scraped,
    ) -> Result<(Picture, Scraped), Failure> {
        let now = scrape(machines).await?;
        let (_, body) = machines.page("health/ready").await?;
        let readiness: Readiness = serde_json::from_str(&body)?;
        let sessions: Option<Vec<Session>> = admin.get("sessions?active=true&limit=1000").await?;
        let seconds = now.at.duration_since(before.at).as_secs_f64();
        let picture = Picture::of(
            &now.scrape,
            &before.scrape,
            seconds,
            readiness,
            sessions.unwrap_or_default(),
            SystemClock.now(),
        );
        Ok((picture, now))
    }

    fn show(&self, picture: &Picture) -> Result<(), Failure> {
        if self.watch.is_some() && std::io::stdout().is_terminal() {
            write!(std::io::stdout(), "{CLEAR}")?;
        }
        match self.format {
            Format::Json => print(serde_json::to_string(picture)?),
            Format::Text => lines::of(picture, &self.service.url)
                .into_iter()
                .try_for_each(print),
        }
    }
}

async fn scrape(machines: &Admin) -> Result<Scraped, Failure> {
    match machines.page("metrics").await? {
        (200, text) => Ok(Scraped {
            scrape: Scrape::parse(&text),
            at: Instant::now(),
        }),
        (404, _) => Err(
            "there are no metrics at this URL: name the address of health.listen with --health-url".into(),
        ),
        (status, _) => Err(format!("the metrics are answered with {status}").into()),
    }
}
