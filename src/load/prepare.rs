//! Makes ready what a run needs, over the admin API and as clients do it, and cleans up.

use super::accounts::Account;
use super::admin::{Admin, Floor};
use super::answer::Answer;
use super::client::{Connection, Target};
use super::facility::{Facility, MARK};
use super::plan::{KeyType, Signing};
use super::program::request_with;
use super::signer::{Maker, Signer};
use crate::cli::admin_client::refusal;
use crate::cli::Failure;
use beamlive_actors::clock::{Clock, SystemClock};
use serde::Deserialize;

/// What the simulated facility of a run is declared as.
#[derive(Debug)]
pub struct Ready {
    /// Who signs.
    pub accounts: Vec<Account>,
    /// The newest records before the run.
    pub floor: Floor,
    /// Why no hosts take part although they should.
    pub no_hosts: Option<String>,
}

#[derive(Deserialize)]
struct Sample {
    id: u64,
}

/// Sends one request that is not measured.
async fn ask(
    connection: &mut Connection,
    target: &Target,
    method: &str,
    path: std::fmt::Arguments<'_>,
    form: Option<&str>,
) -> Result<Answer, Failure> {
    let mut bytes = Vec::new();
    let headers = match form {
        Some(_) => "Content-Type: application/x-www-form-urlencoded\r\n",
        None => "",
    };
    request_with(&mut bytes, target, method, path, headers, form.map(str::as_bytes));
    if !connection.is_usable() {
        *connection = Connection::open(target.address).await?;
    }
    Ok(connection.exchange(&bytes).await?)
}

/// Connects, or says that nobody listens.
///
/// # Errors
/// When nobody does.
pub async fn connect(target: &Target) -> Result<Connection, Failure> {
    Connection::open(target.address)
        .await
        .map_err(|error| format!("can't reach {}: {error}", target.host).into())
}

fn seconds() -> u64 {
    u64::try_from(SystemClock.now().0 / 1_000_000).unwrap_or_default()
}

/// The users on this machine's access list.
///
/// # Errors
/// When the service does not answer with a list.
pub async fn access_list(connection: &mut Connection, target: &Target) -> Result<Vec<String>, Failure> {
    let answer = ask(
        connection,
        target,
        "GET",
        format_args!("/api/v2/accesslist/"),
        None,
    )
    .await?;
    let body = connection.body(&answer);
    if answer.status != 200 {
        return Err(refusal(answer.status, &String::from_utf8_lossy(body)).into());
    }
    Ok(serde_json::from_slice(body)?)
}

/// Reads the samples of each account at its first beamline.
///
/// # Errors
/// When the service refuses: its answer.
pub async fn read_samples(
    connection: &mut Connection,
    target: &Target,
    accounts: &mut [Account],
) -> Result<(), Failure> {
    for account in accounts {
        let Some(beamline) = account.beamlines.first() else {
            continue;
        };
        let mut signer = Signer::new(&account.username, account.key.clone(), Signing::Each);
        let token = signer.token(seconds());
        let path = format_args!("/api/v2/{token}/samples/{beamline}/");
        let answer = ask(connection, target, "GET", path, None).await?;
        let body = connection.body(&answer);
        if answer.status != 200 {
            let said = refusal(answer.status, &String::from_utf8_lossy(body));
            return Err(format!("samples of {} at {beamline}: {said}", account.username).into());
        }
        let samples: Vec<Sample> = serde_json::from_slice(body)
            .map_err(|error| format!("samples of {} at {beamline}: {error}", account.username))?;
        account.samples = samples.into_iter().map(|sample| sample.id).collect();
    }
    Ok(())
}

/// Declares the facility, and registers a key for every account.
///
/// # Errors
/// When a name is somebody else's, or the service refuses; [`clean_up`] is in order then.
pub async fn declare(
    admin: &Admin,
    target: &Target,
    facility: &mut Facility,
    kind: KeyType,
    wants_hosts: bool,
) -> Result<Ready, Failure> {
    let mut connection = connect(target).await?;
    for username in facility.usernames().into_iter().chain([facility.staff()]) {
        if admin
            .project(&username)
            .await?
            .is_some_and(|found| found.name != MARK)
        {
            return Err(format!(
                "there is an account {username} that is not of a load run: choose other names with --prefix"
            )
            .into());
        }
    }
    let mut no_hosts = None;
    if wants_hosts {
        no_hosts = find_address(&mut connection, target, facility).await?;
    }
    let floor = admin.floor().await?;
    // Also when nobody hears the answer any more.
    facility.is_declared = true;
    let applied = admin.apply(facility.opening()).await;
    facility.is_declared = applied.is_ok();
    applied?;
    if facility.address.is_some() && access_list(&mut connection, target).await?.is_empty() {
        no_hosts =
            Some("the service sees this machine under another address: name it with --address".to_owned());
    }
    let maker = Maker::new(kind);
    let mut accounts = Vec::new();
    for number in 0..facility.beamlines {
        let account = Account {
            username: facility.username(number),
            key: maker.make(),
            beamlines: vec![facility.beamline(number)],
            samples: Vec::new(),
        };
        register(admin, &mut connection, target, &account).await?;
        accounts.push(account);
    }
    read_samples(&mut connection, target, &mut accounts).await?;
    Ok(Ready {
        accounts,
        floor,
        no_hosts,
    })
}

/// Finds the address of the access list; or why there must be none.
async fn find_address(
    connection: &mut Connection,
    target: &Target,
    facility: &mut Facility,
) -> Result<Option<String>, Failure> {
    let users = access_list(connection, target).await?;
    let own = facility.usernames();
    if let Some(user) = users.iter().find(|user| !own.contains(user)) {
        facility.address = None;
        return Ok(Some(format!(
            "this machine has an access list already ({user} is on it), and who uses it must not be logged off"
        )));
    }
    if facility.address.is_none() {
        facility.address = Some(connection.local_address()?.ip().to_canonical().to_string());
    }
    Ok(None)
}

/// Registers a key as clients do it; where that is closed, sets it.
async fn register(
    admin: &Admin,
    connection: &mut Connection,
    target: &Target,
    account: &Account,
) -> Result<(), Failure> {
    let username = &account.username;
    if admin.project(username).await?.is_some_and(|found| found.has_key) {
        admin.reset_key(username).await?;
    }
    let line = account.key.public_line()?;
    let form = serde_urlencoded::to_string([("public", &line)])?;
    let mut signer = Signer::new(username, account.key.clone(), Signing::Each);
    let token = signer.token(seconds());
    let path = format_args!("/api/v2/{token}/project/");
    let answer = ask(connection, target, "POST", path, Some(&form)).await?;
    match answer.status {
        200 => Ok(()),
        403 => admin.set_key(username, &line).await,
        status => {
            let said = refusal(status, &String::from_utf8_lossy(connection.body(&answer)));
            Err(format!("the key of {username} was not registered: {said}").into())
        }
    }
}

/// Takes back what was declared, as far as that is possible; what stays.
///
/// # Errors
/// When the service can't be reached or refuses.
pub async fn clean_up(admin: &Admin, facility: &Facility) -> Result<String, Failure> {
    admin.apply(facility.closing()).await?;
    let Facility {
        prefix, beamlines, ..
    } = facility;
    let list = match &facility.address {
        Some(_) => format!(", access list {prefix}-hosts is inactive and empty"),
        None => String::new(),
    };
    Ok(format!(
        "{beamlines} beamlines {prefix}-b… are inactive, the containers are archived{list}. What stays: the sessions, \
         datasets and reports, which are records; the {beamlines} accounts {prefix}-p… they belong to and {prefix}-staff, \
         with keys whose private halves end with this program, so that nobody can sign for them. The next run uses \
         them again."
    ))
}
