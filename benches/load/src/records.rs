//! Reads the records of a run from the admin API, page by page.

use crate::audit::{Audit, SessionRow, UploadRow};
use crate::ledger::Kind;
use beamlive_client::admin::Admin;
use beamlive_client::Failure;
use serde::de::DeserializeOwned;
use serde::Deserialize;

/// Rows of a page.
const PAGE: usize = 1_000;

/// The newest record of each kind before a run; those of the run have greater ids.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NewestIds {
    sessions: u64,
    datasets: u64,
    reports: u64,
}

impl NewestIds {
    /// Reads them.
    pub(crate) async fn read(admin: &Admin) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Row {
            id: u64,
        }
        let mut newest = [0; 3];
        for (newest, list) in newest.iter_mut().zip(["sessions", "data", "reports"]) {
            let rows: Vec<Row> = page(admin, &format!("{list}?limit=1")).await?;
            *newest = rows.first().map_or(0, |row| row.id);
        }
        let [sessions, datasets, reports] = newest;
        Ok(Self {
            sessions,
            datasets,
            reports,
        })
    }

    /// Adds all newer records of an account to an audit.
    pub(crate) async fn audit(
        self,
        admin: &Admin,
        username: &str,
        audit: &mut Audit<'_>,
    ) -> Result<(), Failure> {
        let list = format!("sessions?project={username}");
        pages(admin, &list, self.sessions, |row: SessionRow| {
            audit.session(&row);
            row.id
        })
        .await?;
        for (kind, list, newest) in [
            (Kind::Dataset, "data", self.datasets),
            (Kind::Report, "reports", self.reports),
        ] {
            let list = format!("{list}?project={username}");
            pages(admin, &list, newest, |row: UploadRow| {
                audit.upload(kind, &row);
                row.id
            })
            .await?;
        }
        Ok(())
    }
}

async fn page<T: DeserializeOwned>(admin: &Admin, path: &str) -> Result<Vec<T>, Failure> {
    let rows = admin.get(path).await?;
    rows.ok_or_else(|| format!("{path} does not exist").into())
}

/// Reads a list from the newest row to the one after `floor`. `add` returns the id of its row.
async fn pages<T: DeserializeOwned>(
    admin: &Admin,
    list: &str,
    floor: u64,
    mut add: impl FnMut(T) -> u64,
) -> Result<(), Failure> {
    let mut before = u64::MAX;
    while before > floor.saturating_add(1) {
        let rows = page(admin, &format!("{list}&limit={PAGE}&before={before}")).await?;
        let Some(oldest) = rows.into_iter().map(&mut add).last() else {
            break;
        };
        if oldest >= before {
            return Err(format!("{list} does not go from new to old").into());
        }
        before = oldest;
    }
    Ok(())
}
