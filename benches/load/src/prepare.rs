//! Prepares a run through the admin API and as clients do it, and cleans up.

use crate::accounts::Account;
use crate::credentials::Credentials;
use crate::facility::{Facility, MARK};
use crate::http::{Connection, Target};
use crate::options::Options;
use crate::plan;
use crate::records::NewestIds;
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::admin::Admin;
use beamlive_client::http::{http_client, reason, refusal};
use beamlive_client::key::{Key, KeyMaker, KeyType};
use beamlive_client::sign_in::{with_token, SignIn};
use beamlive_client::tls::Trust;
use beamlive_client::Failure;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;

/// What is ready for a run.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) accounts: Vec<Account>,
    /// The newest records before the run.
    pub(crate) newest: NewestIds,
    /// Why no hosts take part although they should.
    pub(crate) no_hosts: Option<String>,
}

/// A client of the service's API for beamlines and hosts, for requests that are not measured.
pub(crate) struct Api {
    http: Client,
    trust: Trust,
    url: String,
}

impl Api {
    /// The API of the service at `url`.
    pub(crate) fn new(url: &str, trust: &Trust) -> Result<Self, Failure> {
        Ok(Self {
            http: http_client(trust, None)?,
            trust: trust.clone(),
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<(u16, String), Failure> {
        let response = request
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// The body of an answer of success.
    async fn accepted(&self, request: RequestBuilder) -> Result<String, Failure> {
        match self.send(request).await? {
            (200, body) => Ok(body),
            (status, body) => Err(refusal(status, &body).into()),
        }
    }

    /// The users on this machine's access list.
    async fn access_list(&self) -> Result<Vec<String>, Failure> {
        let request = self.http.get(format!("{}/api/v2/accesslist/", self.url));
        Ok(serde_json::from_str(&self.accepted(request).await?)?)
    }

    /// Reads the samples of each account at its first beamline.
    pub(crate) async fn read_samples(&self, accounts: &mut [Account]) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct Sample {
            id: u64,
        }
        for account in accounts {
            let Some(beamline) = account.beamlines.first() else {
                continue;
            };
            let failed = |error: Failure| format!("samples of {} at {beamline}: {error}", account.username);
            let body = self.samples(account, beamline).await.map_err(failed)?;
            let samples: Vec<Sample> = serde_json::from_str(&body).map_err(|error| failed(error.into()))?;
            account.samples = samples.into_iter().map(|sample| sample.id).collect();
        }
        Ok(())
    }

    /// The sample list of an account at a beamline.
    async fn samples(&self, account: &Account, beamline: &str) -> Result<String, Failure> {
        let (url, username) = (&self.url, &account.username);
        let request = match &account.credentials {
            Credentials::Key(key) => {
                let token = key.token(username, seconds());
                self.http.get(format!("{url}/api/v2/{token}/samples/{beamline}/"))
            }
            Credentials::Password(password) => {
                let pair = SignIn::new(url, &self.trust)?.sign_in(username, password).await?;
                let request = self.http.get(format!("{url}/api/v3/samples/{beamline}/"));
                with_token(request, &pair.access)
            }
        };
        self.accepted(request).await
    }

    /// Registers a key as clients do it. Where registration is closed, sets it.
    async fn register(&self, admin: &Admin, username: &str, key: &Key) -> Result<(), Failure> {
        if admin.project(username).await?.is_some_and(|found| found.has_key) {
            admin.reset_key(username).await?;
        }
        let line = key.public_line()?;
        let token = key.token(username, seconds());
        let url = format!("{}/api/v2/{token}/project/", self.url);
        match self.send(self.http.post(url).form(&[("public", &line)])).await? {
            (200, _) => Ok(()),
            (403, _) => admin.set_key(username, &line).await,
            (status, body) => Err(format!(
                "the key of {username} was not registered: {}",
                refusal(status, &body)
            )
            .into()),
        }
    }
}

fn seconds() -> u64 {
    u64::try_from(SystemClock.now().0 / 1_000_000).unwrap_or_default()
}

/// The facility of a run, and how to declare it.
pub(crate) struct Declaration<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) api: &'a Api,
    pub(crate) target: &'a Target,
    pub(crate) facility: Facility,
    /// Whether something may have been declared, which the clean-up takes back.
    pub(crate) is_declared: bool,
}

impl Declaration<'_> {
    /// Declares the facility, and gives every account a key or a password.
    ///
    /// # Errors
    /// When an account belongs to somebody else, or the service refuses.
    pub(crate) async fn declare(&mut self, options: &Options, has_hosts: bool) -> Result<Prepared, Failure> {
        let (admin, api) = (self.admin, self.api);
        let connection = connect(self.target).await?;
        self.check_names().await?;
        let mut no_hosts = match has_hosts {
            true => self.find_address(&connection).await?,
            false => None,
        };
        let newest = NewestIds::read(admin).await?;
        // Set before the request: it may be executed although its answer is lost.
        self.is_declared = true;
        let applied = self.apply(true).await;
        self.is_declared = applied.is_ok();
        applied?;
        if self.facility.address.is_some() && api.access_list().await?.is_empty() {
            no_hosts = Some(
                "the service sees this machine under another address: name it with --address".to_owned(),
            );
        }
        let maker = KeyMaker::new(options.key_type);
        let mut accounts = Vec::new();
        for number in 0..self.facility.beamlines {
            let username = self.facility.username(number);
            let credentials = match options.api {
                plan::Api::V2 => {
                    let key = maker.make();
                    api.register(admin, &username, &key).await?;
                    Credentials::Key(key)
                }
                plan::Api::V3 => Credentials::Password(admin.reset_password(&username).await?),
            };
            accounts.push(Account {
                username,
                credentials,
                beamlines: vec![self.facility.beamline(number)],
                samples: Vec::new(),
            });
        }
        api.read_samples(&mut accounts).await?;
        Ok(Prepared {
            accounts,
            newest,
            no_hosts,
        })
    }

    async fn apply(&self, open: bool) -> Result<(), Failure> {
        let file = match open {
            true => self.facility.opening(),
            false => self.facility.closing(),
        };
        let applied = self.admin.apply(file.to_string(), true, false, false).await;
        applied
            .map(drop)
            .map_err(|error| format!("apply: {error}").into())
    }

    /// Checks that no account belongs to somebody else.
    async fn check_names(&self) -> Result<(), Failure> {
        for username in self
            .facility
            .usernames()
            .into_iter()
            .chain([self.facility.staff()])
        {
            let found = self.admin.project(&username).await?;
            if found.is_some_and(|found| found.name != MARK) {
                return Err(format!(
                    "there is an account {username} that is not of a load run: choose other names \
                     with --prefix"
                )
                .into());
            }
        }
        Ok(())
    }

    /// Finds the address of the access list. Returns why there must be no list, if so.
    async fn find_address(&mut self, connection: &Connection) -> Result<Option<String>, Failure> {
        let users = self.api.access_list().await?;
        let own = self.facility.usernames();
        if let Some(user) = users.iter().find(|user| !own.contains(user)) {
            self.facility.address = None;
            return Ok(Some(format!(
                "this machine has an access list already ({user} is on it), and who uses it must not be \
                 logged off"
            )));
        }
        if self.facility.address.is_none() {
            let address = connection.local_address()?.ip().to_canonical();
            self.facility.address = Some(address.to_string());
        }
        Ok(None)
    }

    /// Takes back what was declared, as far as that is possible. Returns what remains, in words.
    pub(crate) async fn clean_up(&self) -> Result<String, Failure> {
        self.apply(false).await?;
        let Facility {
            prefix, beamlines, ..
        } = &self.facility;
        let list = match &self.facility.address {
            Some(_) => format!(", access list {prefix}-hosts is inactive and empty"),
            None => String::new(),
        };
        Ok(format!(
            "{beamlines} beamlines {prefix}-b… are inactive, the containers are archived{list}. What stays: \
             the sessions, datasets and reports, which are records; the {beamlines} accounts {prefix}-p… \
             they belong to and {prefix}-staff, with keys or passwords that end with this program, so that \
             nobody can act for them. The next run uses them again."
        ))
    }
}

/// Connects to the service.
pub(crate) async fn connect(target: &Target) -> Result<Connection, Failure> {
    Connection::to(target)
        .await
        .map_err(|error| format!("can't reach {}: {}", target.host, reason(&error)).into())
}

/// A new login key, as OpenSSH writes it.
pub(crate) fn login_key() -> Result<String, Failure> {
    let key: Key = KeyMaker::new(KeyType::Ed25519).make();
    key.public_line()
}
