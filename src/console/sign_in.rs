//! Signing in and out.

use super::cookie::{self, Cookie};
use super::form::{self, is_secure};
use super::frame::{outside, see_other};
use super::refusal::PageError;
use super::visitor::{takes_admin_token, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::sign_in::accounts::SignInRefused;
use actix_web::cookie::{Cookie as SetCookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::ask::Unavailable;
use beamlive_storage::records::BrowserSession;
use maud::{html, Markup};
use serde::Deserialize;

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SignInForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// What the form shows.
struct Shown<'a> {
    username: &'a str,
    next: Option<&'a str>,
    wrong: Option<&'a str>,
    takes_token: bool,
}

/// The name that the admin token is used with.
const TOKEN_NAME: &str = "operator";

/// `GET /sign-in`
///
/// # Errors
/// 503 when it is not known who may sign in.
pub async fn get(app: AppData, query: Query<Next>) -> Result<HttpResponse, PageError> {
    let catalog = app.directory.services().catalog.current().await?;
    let shown = Shown {
        username: "",
        next: query.next.as_deref(),
        wrong: None,
        takes_token: takes_admin_token(&catalog),
    };
    Ok(outside(StatusCode::OK, "Sign in", &page(&shown)))
}

/// `POST /sign-in`
///
/// # Errors
/// 403 for a form of another site, 503 when the store can't be read or written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let form: SignInForm = form::read(&request, body).await?;
    let catalog = arc_swap::Guard::into_inner(app.directory.services().catalog.current().await?);
    let takes_token = takes_admin_token(&catalog);
    let username = form.username.trim();
    let now = app.directory.services().clock.now();
    let with_token = takes_token && username == TOKEN_NAME;
    let checked = if with_token && app.admin_token.is(&form.password) {
        tracing::info!(address = %caller.0, "a browser signed in with the admin token");
        Ok(BrowserSession {
            account: None,
            token_epoch: 0,
            created: now,
        })
    } else {
        let checked = app.accounts.authenticate(username, form.password, caller.0).await;
        checked.map(|(account, sign_in)| BrowserSession {
            account: Some(account),
            token_epoch: sign_in.token_epoch,
            created: now,
        })
    };
    match checked {
        Ok(session) => sign_in(&request, &app, session, form.next.as_deref()).await,
        Err(refused) => {
            let (status, wrong) = words(refused)?;
            let shown = Shown {
                username,
                next: form.next.as_deref(),
                wrong: Some(&wrong),
                takes_token,
            };
            Ok(outside(status, "Sign in", &page(&shown)))
        }
    }
}

/// `POST /sign-out`
///
/// # Errors
/// 403 for a form of another site or of another sign-in, 503 when the store can't be written.
pub async fn post_out(
    request: HttpRequest,
    app: AppData,
    visitor: Visitor,
    body: Body,
) -> Result<HttpResponse, PageError> {
    form::confirm(&visitor, &request, body).await?;
    let cookie = visitor.cookie;
    app.directory
        .sign_browser_out(cookie.end, cookie.digest())
        .await?;
    let mut answer = see_other("/sign-in");
    let removed = answer.add_removal_cookie(&SetCookie::build(cookie::NAME, "").path("/").finish());
    removed.map_err(|error| lost(&error))?;
    Ok(answer)
}

async fn sign_in(
    request: &HttpRequest,
    app: &AppData,
    session: BrowserSession,
    next: Option<&str>,
) -> Result<HttpResponse, PageError> {
    let cookie = Cookie::new(session.created, app.directory.services().keys.secure_key().0);
    let kept = app
        .directory
        .sign_browser_in(cookie.end, cookie.digest(), session);
    if !kept.await? {
        return Err(Unavailable::Contended.into());
    }
    let mut answer = see_other(here(next));
    let value = SetCookie::build(cookie::NAME, cookie.to_text())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_secure(request))
        .max_age(actix_web::cookie::time::Duration::seconds(cookie::LIFETIME))
        .finish();
    answer.add_cookie(&value).map_err(|error| lost(&error))?;
    Ok(answer)
}

fn lost(error: &actix_web::error::HttpError) -> PageError {
    tracing::error!(%error, "a cookie could not be set");
    Unavailable::Lost("console").into()
}

/// The page to go to: a path of this service, or the overview. `//host` and `/\host` would lead
/// elsewhere.
fn here(next: Option<&str>) -> &str {
    let ours = |path: &&str| {
        let mut bytes = path.bytes();
        bytes.next() == Some(b'/')
            && !matches!(bytes.next(), Some(b'/' | b'\\'))
            && path.bytes().all(|byte| byte.is_ascii_graphic())
    };
    next.filter(ours).unwrap_or("/")
}

/// The status and the words for someone who was refused.
fn words(refused: SignInRefused) -> Result<(StatusCode, String), PageError> {
    Ok(match refused {
        SignInRefused::Wrong => (
            StatusCode::UNAUTHORIZED,
            "The username or the password is wrong.".to_owned(),
        ),
        SignInRefused::Expired => (
            StatusCode::UNAUTHORIZED,
            "The password has expired: ask the facility's staff for a new one.".to_owned(),
        ),
        SignInRefused::Wait(seconds) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many wrong passwords: try again in {seconds} s."),
        ),
        SignInRefused::Unavailable(error) => return Err(ApiError::from(error).into()),
    })
}

fn page(shown: &Shown<'_>) -> Markup {
    html! {
        form.sign-in action="/sign-in" method="post" {
            h1 { "Sign in" }
            @if let Some(wrong) = shown.wrong { p.notice.bad role="alert" { (wrong) } }
            @if let Some(next) = shown.next { input type="hidden" name="next" value=(next); }
            div.field {
                label for="username" { "Username" }
                input #username name="username" value=(shown.username) autocomplete="username"
                    autocapitalize="none" spellcheck="false" required autofocus;
            }
            div.field {
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required;
            }
            button.primary type="submit" { "Sign in" }
            p.small { "A project signs in with its own username, a person with theirs." }
            @if shown.takes_token {
                p.small {
                    "No operator has a password yet. Until then, " code { (TOKEN_NAME) } " signs in with the \
                     admin token: it is in the file " code { "admin.token" } " of the data directory."
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/sessions/5?x=1", "/sessions/5?x=1")]
    #[case("//evil.example/", "/")]
    #[case("/\\evil.example", "/")]
    #[case("https://evil.example", "/")]
    #[case("javascript:alert(1)", "/")]
    #[case("/a\r\nSet-Cookie: x=1", "/")]
    #[case("", "/")]
    fn a_sign_in_leads_to_this_service(#[case] next: &str, #[case] path: &str) {
        assert_eq!(here(Some(next)), path);
    }
}
