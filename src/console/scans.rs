//! The figures of XRF, MAD and XAS scans, from the files of their datasets.

use super::files;
use crate::app::App;
use crate::proxy::shelf::{FileError, FilePath, OpenDirectory};
use crate::views::data::DatasetRow;
use beamlive_page::xdi::{self, Xdi};
use maud::{html, Markup};
use percent_encoding::{utf8_percent_encode, NON_ALPHANUMERIC};
use serde_json::Value;
use std::io::Read;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 8 * 1024 * 1024;
/// Most scans of a dataset that are shown.
const SCANS: u64 = 20;

/// A file, or `None` if it is not there.
type Found = Result<Option<String>, FileError>;

/// The figures of a scan. `None` if the dataset is none.
pub(super) async fn figures(app: &App, dataset: &DatasetRow) -> Option<Markup> {
    let (key, template) = (dataset.url.as_deref()?, dataset.filename.as_deref()?);
    let drawn = match dataset.kind.as_str() {
        "XRF" => xrf(app, key, template, dataset).await,
        "MAD" => mad(app, key, template, dataset).await,
        "XAS" => xas(app, key, template, dataset).await,
        _ => return None,
    };
    Some(match drawn {
        Ok(drawn) => drawn,
        Err(error) => notice(&error.to_string()),
    })
}

async fn xrf(app: &App, key: &str, template: &str, dataset: &DatasetRow) -> Result<Markup, FileError> {
    let Some(scan) = read(app, key, template).await? else {
        return Ok(missing(template));
    };
    let name = format!("{}.xrf", dataset.name);
    let fit = read(app, key, &name).await?;
    let json = fit.as_deref().map_or(Value::Null, json);
    let energy = (dataset.energy > 0.0).then_some(dataset.energy);
    let figure = xdi::xrf(&Xdi::parse(&scan), &json, energy, false);
    Ok(html! {
        (drawn(figure))
        @if fit.is_none() { (missing(&name)) }
    })
}

async fn mad(app: &App, key: &str, template: &str, dataset: &DatasetRow) -> Result<Markup, FileError> {
    let Some(scan) = read(app, key, template).await? else {
        return Ok(missing(template));
    };
    let name = format!("{}.mad", dataset.name);
    let found = read(app, key, &name).await?;
    let json = found.as_deref().map_or(Value::Null, json);
    Ok(html! {
        (drawn(xdi::mad(&Xdi::parse(&scan), &json)))
        (xdi::choices(&json))
        @if found.is_none() { (missing(&name)) }
    })
}

async fn xas(app: &App, key: &str, template: &str, dataset: &DatasetRow) -> Result<Markup, FileError> {
    let (mut scans, mut lost) = (Vec::new(), Vec::new());
    for number in 1..=dataset.num_frames.clamp(1, SCANS) {
        let name = numbered(template, number);
        match read(app, key, &name).await? {
            Some(text) => scans.push((format!("scan {number}"), Xdi::parse(&text))),
            None => lost.push(name),
        }
    }
    Ok(html! {
        @if !scans.is_empty() { (drawn(xdi::xas(&scans))) }
        @for name in &lost { (missing(name)) }
        @if dataset.num_frames > SCANS { p.small { "The first " (SCANS) " scans are shown." } }
    })
}

fn drawn(figure: Result<beamlive_page::figure::Figure, &'static str>) -> Markup {
    match figure {
        Ok(figure) => figure.render(),
        Err(why) => notice(why),
    }
}

fn missing(name: &str) -> Markup {
    notice(&format!("The file {name} is not there."))
}

fn notice(text: &str) -> Markup {
    html! { p.notice { (text) } }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// A file of the Data Proxy as text, up to a bound.
async fn read(app: &App, key: &str, name: &str) -> Found {
    let Some(files) = &app.files else {
        let Some(remote) = &app.remote_files else {
            return Ok(None);
        };
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let longest = usize::try_from(LONGEST).unwrap_or(usize::MAX);
        return Ok(files::text(remote, &format!("raw/{key}/{name}"), longest).await);
    };
    let Ok(path) = FilePath::new(name.as_bytes().to_vec()) else {
        return Ok(None);
    };
    let look = move |directory: &OpenDirectory| {
        let open = directory.open(&path)?;
        let mut bytes = Vec::new();
        (&open.file).take(LONGEST).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match files.shelf.first(key, look).await {
        Ok(text) => Ok(Some(text)),
        Err(FileError::NotFound | FileError::NoKey) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a scan: `{:0>3d}` or `{:05d}` in a template is its number.
fn numbered(template: &str, number: u64) -> String {
    let Some((before, rest)) = template.split_once('{') else {
        return template.to_owned();
    };
    let Some((field, after)) = rest.split_once('}') else {
        return template.to_owned();
    };
    let digits: String = field.chars().filter(char::is_ascii_digit).collect();
    let width = digits
        .trim_start_matches('0')
        .parse::<usize>()
        .unwrap_or(1)
        .min(20);
    format!("{before}{number:0width$}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Se-K_{:0>3d}.xdi", "Se-K_007.xdi")]
    #[case("a_{:05d}.cbf", "a_00007.cbf")]
    #[case("a_{}.cbf", "a_7.cbf")]
    #[case("a_{:d}.cbf", "a_7.cbf")]
    #[case("plain.xdi", "plain.xdi")]
    #[case("a_{:99999999d}", "a_00000000000000000007")]
    #[case("a_{", "a_{")]
    fn scans_are_numbered_as_their_template_says(#[case] template: &str, #[case] name: &str) {
        assert_eq!(numbered(template, 7), name);
    }
}
