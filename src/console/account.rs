//! Passwords of accounts, on the pages of projects and persons.

use super::form;
use super::frame::see_other;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::visitor::{Operator, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::error::ApiError;
use crate::sign_in::passwords::NotChanged;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::SignInChange;
use beamlive_storage::ids::Account;
use maud::{html, Markup};
use serde::Deserialize;

/// What is done to a password.
#[derive(Debug, Deserialize)]
struct Asked {
    /// `set`, `make`, `expire` or `end`.
    #[serde(default)]
    action: String,
    #[serde(default)]
    password: String,
}

/// Whether an account has a password, in a word.
pub(super) fn password(has: bool, expired: bool) -> &'static str {
    match (has, expired) {
        (false, _) => "none",
        (true, false) => "set",
        (true, true) => "expired",
    }
}

/// The forms that change how an account signs in.
pub(super) fn forms(visitor: &Visitor, username: &str) -> Markup {
    let action = format!("/accounts/{username}/password");
    let button = |name: &str, text: &str| {
        html! {
            form action=(action) method="post" {
                (form_key(visitor))
                button type="submit" name="action" value=(name) { (text) }
            }
        }
    };
    html! {
        h2 { "Password" }
        form.bar action=(action) method="post" {
            (form_key(visitor))
            label { "New password " input name="password" type="password" minlength="10" required autocomplete="new-password"; }
            button type="submit" name="action" value="set" { "Set" }
        }
        div.bar {
            (button("make", "Make a new one"))
            (button("expire", "Expire"))
            (button("end", "Sign out everywhere"))
        }
        p.small { "Each of these ends all tokens and all sign-ins of the account." }
    }
}

/// `POST /accounts/{username}/password`
///
/// # Errors
/// 400 for a password that can't be one, 404 when there is no such account, 503 when the store
/// can't be written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    username: Path<String>,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Asked = form::take(&visitor, &request, body).await?;
    let origin = visitor.origin.clone();
    let refused = |why| match why {
        NotChanged::Unfit(why) => ApiError::field("The password", why).into(),
        NotChanged::UnknownUser => PageError::no("account", &username),
        NotChanged::Unavailable(error) => error.into(),
    };
    let account = visitor.catalog.account(&username);
    let above = match account {
        Some(Account::Person(_)) => "/people",
        _ => "/projects",
    };
    let address = format!("{above}/{username}");
    let accounts = &app.accounts;
    let done = match asked.action.as_str() {
        "set" => accounts.set_password(&username, asked.password, origin).await,
        "make" => {
            let made = accounts.reset_password(&username, origin).await;
            return Ok(told(&visitor, &username, above, &made.map_err(refused)?));
        }
        "expire" => {
            accounts
                .change_sign_in(&username, SignInChange::Expire, origin)
                .await
        }
        "end" => {
            accounts
                .change_sign_in(&username, SignInChange::EndTokens, origin)
                .await
        }
        _ => return Err(ApiError::field("action", "must be set, make, expire or end").into()),
    };
    done.map_err(refused)?;
    Ok(see_other(&address))
}

/// The page with a password that was made. It is shown once.
fn told(visitor: &Visitor, username: &str, above: &'static str, password: &str) -> HttpResponse {
    let body = html! {
        h1 { "The new password of " (username) }
        p.made { code { (password) } }
        p { "Tell it to its owner. It is not kept, and is not shown again." }
        p { a.button href={ (above) "/" (username) } { "Back to " (username) } }
    };
    let page = Shown {
        title: "New password",
        part: above,
        above: Vec::new(),
        body,
    };
    page.answer(visitor)
}
