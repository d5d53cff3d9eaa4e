//! What users open in a browser when their session ends.

use super::bodies::SurveyForm;
use super::route::{form, get, post, text, Route};

const TAG: &str = "survey";
const KEY: &str = "The session's survey key: what `launch` answers as `survey` ends with it.";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/survey/{key}", TAG, "The form")
            .path("key", KEY)
            .ok("A page.", text("text/html"))
            .empty("404", "There is no such session: a page that says so.")
            .may_be_busy(),
        post("/survey/{key}", TAG, "Leave an answer")
            .path("key", KEY)
            .body("The form's fields.", [form::<SurveyForm>()])
            .ok("A page that thanks.", text("text/html"))
            .empty("400", "The form again, with what has to be put right.")
            .empty("404", "There is no such session: a page that says so.")
            .fails("429", "The session has all the answers it can take.")
            .bounded()
            .may_be_busy(),
        get("/survey/style.css", TAG, "The style sheet of these pages")
            .ok("A style sheet.", text("text/css")),
    ]
}
