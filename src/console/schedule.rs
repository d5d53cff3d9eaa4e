//! The schedule: the beamtimes of a week, one row for each beamline.

use super::change;
use super::drawing::{colour, rounded};
use super::form;
use super::frame::see_other;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::visitor::{Operator, Visitor};
use crate::app::AppData;
use crate::body::Body;
use crate::error::ApiError;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_storage::ids::BeamlineId;
use beamlive_storage::records::Beamtime;
use beamlive_storage::Timestamp;
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::json;

const PATH: &str = "/schedule";
/// Width of a week in the drawing, in its units.
const WIDTH: f64 = 980.0;
/// Height of a beamline's row.
const ROW: f64 = 40.0;
/// Height of the row of days.
const TOP: f64 = 24.0;

/// Which week.
#[derive(Debug, Deserialize)]
pub struct Options {
    /// A day of it, such as `2026-11-23`; `""` for now.
    #[serde(default)]
    week: String,
}

/// A week that begins on a Monday, in the facility's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Week {
    monday: NaiveDate,
    zone: Tz,
}

impl Week {
    /// The week with this day.
    fn of(day: NaiveDate, zone: Tz) -> Self {
        let back = u64::from(day.weekday().num_days_from_monday());
        Self {
            monday: day.checked_sub_days(Days::new(back)).unwrap_or(day),
            zone,
        }
    }

    /// So many days after its Monday, at midnight.
    fn day(self, days: u64) -> Timestamp {
        let day = self
            .monday
            .checked_add_days(Days::new(days))
            .unwrap_or(self.monday);
        instant(day.and_time(chrono::NaiveTime::MIN), self.zone).unwrap_or(Timestamp(0))
    }

    /// The week so many weeks later or earlier.
    fn plus(self, weeks: i64) -> Self {
        let days = chrono::TimeDelta::weeks(weeks);
        Self {
            monday: self.monday.checked_add_signed(days).unwrap_or(self.monday),
            ..self
        }
    }

    /// Where a time is in the drawing.
    fn at(self, time: Timestamp) -> f64 {
        let (start, end) = (self.day(0), self.day(7));
        #[allow(clippy::cast_precision_loss)] // Of a week in µs, nobody sees it.
        let part = time.micros_since(start) as f64 / end.micros_since(start).max(1) as f64;
        rounded(part.clamp(0.0, 1.0) * WIDTH)
    }
}

/// The instant of a local time. One that a change of the clocks skips is an hour later, of one that
/// comes twice the first counts.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let later = || {
        zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1)))
            .earliest()
    };
    let found = zone.from_local_datetime(&local).earliest().or_else(later)?;
    Some(Timestamp::from(found.to_utc()))
}

/// `GET /schedule`
///
/// # Errors
/// 400 for a week that is no date.
pub async fn get(app: AppData, visitor: Visitor, options: Query<Options>) -> Result<HttpResponse, PageError> {
    let zone = app.settings.timezone;
    let now = app.directory.services().clock.now();
    let today = now.to_utc().with_timezone(&zone).date_naive();
    let day = match options.week.as_str() {
        "" => today,
        text => text
            .parse()
            .map_err(|_| ApiError::field("week", "must be a date such as 2026-11-23"))?,
    };
    let week = Week::of(day, zone);
    let times = of_week(&visitor, week);
    let around = |weeks| format!("{PATH}?week={}", week.plus(weeks).monday);
    let body = html! {
        h1 { "Week of " (week.monday) }
        @if app.directory.schedule().is_none() {
            p.notice { "Scheduling is off: beamtimes are shown, and have no effect. It is the setting " code { "schedule" } "." }
        }
        nav.pages aria-label="Weeks" {
            a rel="prev" href=(around(-1)) { "← Week before" }
            a href=(PATH) { "This week" }
            a rel="next" href=(around(1)) { "Week after →" }
        }
        (calendar(&visitor, week, &times, now))
        (table(&visitor, week, &times))
        @if visitor.role.is_operator() { (adder(&visitor, week)) }
    };
    let page = Shown {
        title: "Schedule",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

/// The beamtimes that touch a week, by start.
fn of_week(visitor: &Visitor, week: Week) -> Vec<(u64, &Beamtime)> {
    let (start, end) = (week.day(0), week.day(7));
    let all = visitor
        .catalog
        .beamtimes
        .iter()
        .map(|(id, entry)| (id, &entry.record));
    let mut times: Vec<_> = all
        .filter(|(_, time)| time.start < end && time.end > start)
        .collect();
    times.sort_by_key(|(_, time)| time.start);
    times
}

/// How a project is called on a visitor's schedule.
fn name<'a>(visitor: &'a Visitor, time: &Beamtime) -> &'a str {
    if visitor.role.sees(time.project) {
        visitor.catalog.username(time.project)
    } else {
        "another project"
    }
}

fn calendar(visitor: &Visitor, week: Week, times: &[(u64, &Beamtime)], now: Timestamp) -> Markup {
    let beamlines = visitor.catalog.beamlines.iter();
    let beamlines: Vec<_> = beamlines.filter(|(_, entry)| entry.record.active).collect();
    #[allow(clippy::cast_precision_loss)] // There are a few beamlines.
    let height = TOP + ROW * beamlines.len() as f64;
    let label = |day: u64| {
        let date = week
            .monday
            .checked_add_days(Days::new(day))
            .unwrap_or(week.monday);
        date.format("%a %d").to_string()
    };
    html! {
        div.calendar tabindex="0" role="region" aria-label="Calendar" {
            svg viewBox={ "-70 0 " (WIDTH + 70.0) " " (height) } role="img" aria-label={ "Beamtimes from " (week.monday) } {
                @for day in 0..7 {
                    @let x = week.at(week.day(day));
                    line.axis x1=(x) x2=(x) y1="0" y2=(height) {}
                    text x=(x + 6.0) y="16" { (label(day)) }
                }
                @for (number, (id, entry)) in (0_u32..).zip(&beamlines) {
                    @let y = TOP + ROW * f64::from(number);
                    line.axis x1="-70" x2=(WIDTH) y1=(y) y2=(y) {}
                    text x="-66" y=(y + 25.0) { (entry.record.acronym) }
                    @for (_, time) in times.iter().filter(|(_, time)| time.beamline == BeamlineId(*id) && !time.cancelled) {
                        @let (from, to) = (week.at(time.start), week.at(time.end));
                        @let name = name(visitor, time);
                        @let class = if visitor.role.sees(time.project) { colour(time.project) } else { "c7".to_owned() };
                        rect.time.(class) x=(from + 1.0) y=(y + 4.0) width=((to - from - 2.0).max(2.0)) height=(ROW - 8.0) rx="3" {
                            title { (name) ", " (show::local(time.start, week.zone)) " to " (show::local(time.end, week.zone))
                                @if time.remote { ", remote" } }
                        }
                        @if to - from > 44.0 { text.on x=(from + 7.0) y=(y + 25.0) { (shortened(name, to - from)) } }
                    }
                }
                @if now >= week.day(0) && now < week.day(7) {
                    line.now x1=(week.at(now)) x2=(week.at(now)) y1=(TOP) y2=(height) {}
                }
            }
        }
    }
}

/// As much of a name as fits, about 7.5 units a letter.
fn shortened(name: &str, width: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It is between 0 and 130.
    let fits = ((width - 12.0) / 7.5).max(0.0) as usize;
    if name.chars().count() <= fits {
        return name.to_owned();
    }
    let cut: String = name.chars().take(fits.saturating_sub(1)).collect();
    format!("{cut}…")
}

fn table(visitor: &Visitor, week: Week, times: &[(u64, &Beamtime)]) -> Markup {
    html! {
        @if times.is_empty() {
            p.empty { "No beamtime in this week." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Beamtimes" { table {
                thead { tr {
                    th scope="col" { "Project" } th scope="col" { "Beamline" } th scope="col" { "From" } th scope="col" { "To" }
                    th scope="col" { "Remote" } th scope="col" { "State" }
                } }
                tbody { @for (id, time) in times { tr {
                    td { (name(visitor, time)) }
                    td { (visitor.catalog.acronym(time.beamline)) }
                    td { (show::time(time.start, week.zone)) }
                    td { (show::time(time.end, week.zone)) }
                    td { @if time.remote { "yes" } }
                    td {
                        @if visitor.role.is_operator() {
                            form action=(PATH) method="post" {
                                (form_key(visitor))
                                input type="hidden" name="beamtime" value=(id);
                                @if time.cancelled { "cancelled " button.small type="submit" name="cancelled" value="no" { "Restore" } }
                                @else { button.small type="submit" name="cancelled" value="yes" { "Cancel" } }
                            }
                        } @else if time.cancelled { "cancelled" }
                    }
                } } }
            } }
        }
    }
}

fn adder(visitor: &Visitor, week: Week) -> Markup {
    let catalog = &visitor.catalog;
    html! {
        h2 { "New beamtime" }
        form.bar action=(PATH) method="post" {
            (form_key(visitor))
            label { "Project " input name="project" list="projects" required size="12"; }
            datalist #projects { @for (_, entry) in catalog.projects.iter() { option value=(entry.record.username) {} } }
            label { "Beamline " select name="beamline" {
                @for (_, entry) in catalog.beamlines.iter() { option { (entry.record.acronym) } }
            } }
            label { "From " input type="datetime-local" name="start" required value={ (week.monday) "T08:00" }; }
            label { "To " input type="datetime-local" name="end" required value={ (week.monday) "T16:00" }; }
            label { input type="checkbox" name="remote" value="yes"; " Remote" }
            button.primary type="submit" { "Add" }
        }
        p.small { "Times are those of " (week.zone.name()) "." }
    }
}

/// A new beamtime, or one that is cancelled or restored.
#[derive(Debug, Deserialize)]
struct Changed {
    /// The id of one that is there.
    beamtime: Option<u64>,
    #[serde(default)]
    cancelled: String,
    #[serde(default)]
    project: String,
    #[serde(default)]
    beamline: String,
    #[serde(default)]
    start: String,
    #[serde(default)]
    end: String,
    /// Absent when the box is not ticked.
    remote: Option<String>,
}

/// `POST /schedule`: adds a beamtime, or cancels or restores one.
///
/// # Errors
/// 400 when a field can't be used, 404 when there is no such beamtime, 503 when the store can't be
/// written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    body: Body,
) -> Result<HttpResponse, PageError> {
    let asked: Changed = form::take(&visitor, &request, body).await?;
    let zone = app.settings.timezone;
    let start = match asked.beamtime {
        Some(id) => {
            let found = visitor.catalog.beamtimes.get(id);
            let entry = found.ok_or_else(|| PageError::no("beamtime", &id.to_string()))?;
            let start = entry.record.start;
            change::apply(&app, &visitor, move |catalog| {
                let time = catalog.beamtimes.get(id).map(|entry| &entry.record);
                let entries = time.map(|time| {
                    json!({
                        "project": catalog.username(time.project),
                        "beamline": catalog.acronym(time.beamline),
                        "start": show::exact_micros(time.start),
                        "end": show::exact_micros(time.end),
                        "remote": time.remote,
                        "cancelled": asked.cancelled == "yes",
                    })
                });
                json!({"beamtime": entries.into_iter().collect::<Vec<_>>()})
            })
            .await?;
            start
        }
        None => {
            let time = |text: &str, name: &str| {
                let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M").ok();
                let time = local.and_then(|local| instant(local, zone));
                time.ok_or_else(|| ApiError::field(name, "must be a date and a time"))
            };
            let (start, end) = (time(&asked.start, "From")?, time(&asked.end, "To")?);
            change::apply(&app, &visitor, move |_| {
                json!({"beamtime": [{
                    "project": asked.project.trim(),
                    "beamline": asked.beamline,
                    "start": show::exact_micros(start),
                    "end": show::exact_micros(end),
                    "remote": asked.remote.is_some(),
                    "cancelled": false,
                }]})
            })
            .await?;
            start
        }
    };
    let day = start.to_utc().with_timezone(&zone).date_naive();
    Ok(see_other(&format!("{PATH}?week={day}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const REGINA: Tz = chrono_tz::America::Regina;
    const BERLIN: Tz = chrono_tz::Europe::Berlin;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let week = Week::of(day("2026-11-29"), REGINA);
        assert_eq!(week.monday, day("2026-11-23"));
        assert_eq!(week.plus(1).monday, day("2026-11-30"));
        assert_eq!(Week::of(day("2026-11-23"), REGINA), week);
        assert_eq!(show::local(week.day(7), REGINA), "2026-11-30 00:00");
    }

    #[test]
    fn a_time_is_where_it_is_in_the_week() {
        let week = Week::of(day("2026-11-23"), REGINA);
        assert_eq!(week.at(week.day(0)), 0.0);
        assert_eq!(week.at(week.day(7)), WIDTH);
        assert_eq!(week.at(week.day(1)), WIDTH / 7.0);
        assert_eq!(week.at(Timestamp(0)), 0.0);
    }

    #[test]
    fn local_times_are_found_when_the_clocks_change() {
        let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let skipped = instant(at("2026-03-29 02:30"), BERLIN).unwrap();
        assert_eq!(show::local(skipped, BERLIN), "2026-03-29 03:30");
        let twice = instant(at("2026-10-25 02:30"), BERLIN).unwrap();
        assert_eq!(show::exact(twice), "2026-10-25T00:30:00Z");
    }
}
