//! Signs accounts in, and verifies and refreshes their tokens.

use super::checker::{Checked, Checker};
use super::owner::{account_of, subject};
use super::refresh::{self, Judgement, Refusal, Spent};
use super::secrets::Secrets;
use super::stand_in::StandIns;
use super::throttle::{Attempt, Throttle, Wait};
use super::token::{Claims, Family, Jti, Lifetimes, Pair, PairIds, Subject, TokenType};
use beamlive_actors::activity::Origin;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::directory::Directory;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::facility::SignInChange;
use beamlive_actors::password::{Password, PasswordHash};
use beamlive_storage::ids::Account;
use beamlive_storage::records::{SignIn, SpentToken};
use beamlive_storage::Timestamp;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use thiserror::Error;

/// Accounts that sign in, and their tokens.
#[derive(Debug)]
pub struct Accounts {
    directory: Arc<Directory>,
    secrets: Secrets,
    lifetimes: Lifetimes,
    checker: Checker,
    throttle: Mutex<Throttle>,
    /// What is verified for accounts without a password, and the catalog that it was made of.
    stand_ins: Mutex<Option<(u64, Arc<StandIns>)>>,
}

/// Why a sign-in is refused.
#[derive(Debug, Error)]
pub enum SignInRefused {
    /// The account or the password is wrong. The cause is in the log.
    #[error("no active account has these credentials")]
    Wrong,
    /// The password was right, but has expired.
    #[error("this password has expired: ask the facility's staff for a new one")]
    Expired,
    /// There were too many failures.
    #[error("too many failed sign-ins: try again in {0} s")]
    Wait(u64),
    /// It was not checked.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a token is refused.
#[derive(Debug, Error)]
pub enum TokenRefused {
    /// It is not good.
    #[error("{}", .0.detail())]
    Refused(Refusal),
    /// It was not judged.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<Refusal> for TokenRefused {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Accounts {
    /// Signs in the accounts of the facility that `directory` publishes.
    #[must_use]
    pub fn new(directory: Arc<Directory>, secrets: Secrets, lifetimes: Lifetimes, checks: usize) -> Self {
        let salts = directory.services().keys.clone();
        Self {
            directory,
            secrets,
            lifetimes,
            checker: Checker::new(checks, salts),
            throttle: Mutex::default(),
            stand_ins: Mutex::default(),
        }
    }

    /// What tokens are signed with.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Signs an account in.
    ///
    /// # Errors
    /// [`SignInRefused`]. The time of the answer does not tell whether there is such an account.
    pub async fn sign_in(
        &self,
        username: &str,
        password: String,
        from: IpAddr,
    ) -> Result<Pair, SignInRefused> {
        let (account, found) = self.authenticate(username, password, from).await?;
        Ok(self.issue(account, &found)?)
    }

    /// Checks who wants to sign in. Returns the account, and how it signs in.
    ///
    /// # Errors
    /// [`SignInRefused`]. The time of the answer does not tell whether there is such an account.
    pub async fn authenticate(
        &self,
        username: &str,
        password: String,
        from: IpAddr,
    ) -> Result<(Account, SignIn), SignInRefused> {
        let clock = &self.directory.services().clock;
        let attempt = self.throttle.lock().begin(username, from, clock.monotonic());
        let attempt = attempt.map_err(|Wait(seconds)| SignInRefused::Wait(seconds))?;
        let catalog = self.directory.services().catalog.current().await;
        let checked = match catalog {
            Ok(catalog) => self.check(&catalog, username, password, from).await,
            Err(error) => Err(error.into()),
        };
        self.settle(attempt, &checked);
        let (account, found) = checked?;
        tracing::info!(username, address = %from, "signed in");
        Ok((account, found))
    }

    /// Signs a person in whom an issuer of OpenID Connect has verified. They need no password.
    ///
    /// # Errors
    /// [`SignInRefused::Wrong`] for everyone who is not an active person, and for projects.
    pub async fn sign_in_person(&self, username: &str, from: IpAddr) -> Result<Pair, SignInRefused> {
        let catalog = self.directory.services().catalog.current().await?;
        let account = catalog.account(username);
        let person = account.filter(|account| matches!(account, Account::Person(_)));
        let Some((person, found)) = person.and_then(|person| Some((person, catalog.sign_in(person)?))) else {
            let why = "there is no such active person";
            tracing::info!(username, address = %from, why, "sign-in with OpenID Connect refused");
            return Err(SignInRefused::Wrong);
        };
        tracing::info!(username, address = %from, "signed in with OpenID Connect");
        Ok(self.issue(person, found)?)
    }

    /// The first tokens of a sign-in.
    fn issue(&self, account: Account, found: &SignIn) -> Result<Pair, Unavailable> {
        let services = self.directory.services();
        let ids = PairIds::of_new_family(&*services.keys, services.clock.now().seconds());
        self.pair(&ids, subject(account, found.token_epoch))
    }

    /// Notes how an attempt ended.
    fn settle<T>(&self, attempt: Attempt, checked: &Result<T, SignInRefused>) {
        match checked {
            Ok(_) | Err(SignInRefused::Expired) => self.throttle.lock().good(attempt),
            Err(SignInRefused::Unavailable(_)) => self.throttle.lock().unchecked(attempt),
            Err(SignInRefused::Wrong | SignInRefused::Wait(_)) => drop(attempt),
        }
    }

    /// Checks a password. Returns the account, and how it signs in.
    async fn check(
        &self,
        catalog: &Catalog,
        username: &str,
        password: String,
        from: IpAddr,
    ) -> Result<(Account, SignIn), SignInRefused> {
        let wrong = |why: &str| {
            tracing::info!(username, address = %from, why, "sign-in refused");
            SignInRefused::Wrong
        };
        let password = Password::new(password).map_err(|error| wrong(&error.to_string()))?;
        let account = catalog.account(username);
        let known = account.and_then(|account| Some((account, catalog.sign_in(account)?)));
        let hash = known.and_then(|(_, sign_in)| parsed(sign_in));
        let stored = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.stand_in(catalog, username)?,
        };
        let checked = self.checker.check(from, password, hash).await?;
        let Some((account, sign_in)) = known.filter(|_| stored) else {
            return Err(wrong("there is no such account, or it has no password"));
        };
        let Checked::Right { rehashed } = checked else {
            return Err(wrong("the password is wrong"));
        };
        if sign_in.expired {
            tracing::info!(username, address = %from, "sign-in refused: the password has expired");
            return Err(SignInRefused::Expired);
        }
        if let Some((from_hash, new)) = sign_in.hash.clone().zip(rehashed) {
            let change = SignInChange::Rehash {
                from: from_hash,
                to: new.to_text(),
            };
            self.change(username, change, from).await?;
        }
        Ok((account, sign_in.clone()))
    }

    /// What is verified for an account without a password.
    fn stand_in(&self, catalog: &Catalog, username: &str) -> Result<PasswordHash, Unavailable> {
        let mut kept = self.stand_ins.lock();
        let made = kept
            .as_ref()
            .filter(|(generation, _)| *generation == catalog.generation);
        let stand_ins = match made {
            Some((_, stand_ins)) => Arc::clone(stand_ins),
            None => {
                let projects = catalog.projects.iter().map(|(_, entry)| &entry.record.sign_in);
                let persons = catalog.persons.iter().map(|(_, entry)| &entry.record.sign_in);
                let hashes: Vec<_> = projects.chain(persons).filter_map(parsed).collect();
                let made = StandIns::like(self.secrets.derived("stand-ins"), &hashes);
                let made = Arc::new(made.map_err(|error| {
                    tracing::error!(%error, "no stand-in for passwords could be made");
                    Unavailable::Lost("sign-in")
                })?);
                *kept = Some((catalog.generation, Arc::clone(&made)));
                made
            }
        };
        Ok(stand_ins.of_account(username).clone())
    }

    async fn change(&self, username: &str, change: SignInChange, from: IpAddr) -> Result<(), Unavailable> {
        let origin = Origin {
            who: username.to_owned(),
            address: Some(from),
        };
        let changed = self.directory.change_sign_in(username.to_owned(), change, origin);
        changed.await.map(drop)
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// [`Unavailable`] when it could not be made.
    pub async fn hash(&self, password: Password, from: IpAddr) -> Result<String, Unavailable> {
        let made = self.checker.make(from, password).await?;
        made.map(|hash| hash.to_text()).map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Unavailable::Lost("sign-in")
        })
    }

    /// The claims of a token, and its account. It is signed here, its time is not over, and neither
    /// its account nor its family has ended.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, catalog: &Catalog, token: &str) -> Result<(Claims, Account), Refusal> {
        let now = self.directory.services().clock.now();
        let claims = Claims::verify(token, &self.secrets, now).map_err(|error| {
            tracing::debug!(%error, "a token was refused");
            Refusal::Invalid
        })?;
        let account = account_of(catalog, claims.subject).ok_or(Refusal::Invalid)?;
        let sign_in = catalog.sign_in(account).ok_or(Refusal::Invalid)?;
        if is_over(sign_in, &claims) {
            return Err(Refusal::Spent);
        }
        Ok((claims, account))
    }

    /// The account of an access token.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify_access(&self, catalog: &Catalog, token: &str) -> Result<Account, Refusal> {
        let (claims, account) = self.verify(catalog, token)?;
        if claims.token_type != TokenType::Access {
            return Err(Refusal::WrongType);
        }
        Ok(account)
    }

    /// Whether a token of either kind is good.
    ///
    /// # Errors
    /// [`TokenRefused`].
    pub async fn inspect(&self, token: &str) -> Result<(), TokenRefused> {
        let catalog = self.directory.services().catalog.current().await?;
        let (claims, _) = self.verify(&catalog, token)?;
        drop(catalog);
        let is_refresh = claims.token_type == TokenType::Refresh;
        if is_refresh && self.spent(&claims).await?.is_some() {
            return Err(Refusal::Spent.into());
        }
        Ok(())
    }

    /// Exchanges a refresh token for a new pair.
    ///
    /// # Errors
    /// [`TokenRefused`].
    pub async fn refresh(&self, token: &str, from: IpAddr) -> Result<Pair, TokenRefused> {
        /// Each try but the first follows another use of the same token.
        const TRIES: usize = 4;
        for _ in 0..TRIES {
            let services = self.directory.services();
            let catalog = arc_swap::Guard::into_inner(services.catalog.current().await?);
            let (claims, account) = self.verify(&catalog, token)?;
            let spent = self.spent(&claims).await?;
            match refresh::judge(&claims, spent, services.clock.now(), &*services.keys) {
                Judgement::New(spent) => {
                    if self.spend(&claims, spent).await? {
                        return Ok(self.pair(&spent.next, subject(account, claims.subject.epoch))?);
                    }
                }
                Judgement::Again(ids) => return Ok(self.pair(&ids, subject(account, claims.subject.epoch))?),
                Judgement::Reuse(family) => {
                    self.end_family(&catalog, account, family, from).await?;
                    return Err(Refusal::Spent.into());
                }
                Judgement::Refuse(refusal) => return Err(refusal.into()),
            }
        }
        Err(Unavailable::Contended.into())
    }

    async fn spent(&self, claims: &Claims) -> Result<Option<Spent>, Unavailable> {
        let found = self
            .directory
            .spent_token(end(claims), claims.jti.0.to_be_bytes());
        Ok(found.await?.map(|spent| Spent {
            at: spent.at,
            next: PairIds {
                access: Jti(u128::from_be_bytes(spent.access)),
                refresh: Jti(u128::from_be_bytes(spent.refresh)),
                issued_at: spent.issued_at,
            },
        }))
    }

    async fn spend(&self, claims: &Claims, spent: Spent) -> Result<bool, Unavailable> {
        let record = SpentToken {
            at: spent.at,
            access: spent.next.access.0.to_be_bytes(),
            refresh: spent.next.refresh.0.to_be_bytes(),
            issued_at: spent.next.issued_at,
        };
        let token = claims.jti.0.to_be_bytes();
        self.directory.spend_token(end(claims), token, record).await
    }

    /// Ends all tokens that came from one sign-in, because one that was spent came again.
    async fn end_family(
        &self,
        catalog: &Catalog,
        account: Account,
        family: Family,
        from: IpAddr,
    ) -> Result<(), Unavailable> {
        let username = catalog.account_name(account).unwrap_or_default();
        tracing::warn!(username, address = %from, "a spent refresh token was used again: its sign-in is ended");
        let now = self.directory.services().clock.now();
        let lifetime = i64::try_from(self.lifetimes.refresh.as_micros()).unwrap_or(i64::MAX);
        let change = SignInChange::EndFamily {
            family: family.0.to_be_bytes(),
            until: Timestamp(now.0.saturating_add(lifetime)),
        };
        self.change(username, change, from).await
    }

    fn pair(&self, ids: &PairIds, subject: Subject) -> Result<Pair, Unavailable> {
        ids.sign(subject, self.lifetimes, &self.secrets).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            Unavailable::Lost("sign-in")
        })
    }
}

/// The hash of an account that has a password.
fn parsed(sign_in: &SignIn) -> Option<PasswordHash> {
    let hash = sign_in.hash.as_deref()?;
    // Hashes are checked before they are stored, so this one was written by another build.
    let parsed = PasswordHash::parse(hash);
    parsed
        .inspect_err(
            |error| tracing::error!(%error, "a stored password can't be used; its owner can't sign in"),
        )
        .ok()
}

/// Whether all tokens of the account have ended since, or those of this token's sign-in.
fn is_over(sign_in: &SignIn, claims: &Claims) -> bool {
    let family = claims.jti.family().0.to_be_bytes();
    claims.subject.epoch != sign_in.token_epoch || sign_in.ended.iter().any(|ended| ended.family == family)
}

fn end(claims: &Claims) -> u64 {
    u64::try_from(claims.exp).unwrap_or(0)
}
