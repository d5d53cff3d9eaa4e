//! What a finding is, and how it is printed.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Good,
    /// The service works, but not as it should, or not for long.
    Warning,
    /// The service does not start, or loses records.
    Fault,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was looked at.
    pub(super) check: &'static str,
    /// What was found.
    pub(super) says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn good(check: &'static str, says: impl Into<String>) -> Self {
        Self {
            level: Level::Good,
            check,
            says: says.into(),
            advice: None,
        }
    }

    pub(super) fn warning(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            advice: Some(advice.into()),
            ..Self::good(check, says)
        }
    }

    pub(super) fn fault(check: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Fault,
            ..Self::warning(check, says, advice)
        }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Examination {
    pub(super) faults: usize,
    pub(super) warnings: usize,
    findings: Vec<Finding>,
}

impl Examination {
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        Self {
            faults: count(Level::Fault),
            warnings: count(Level::Warning),
            findings,
        }
    }

    /// For people: a line for each finding, and what to do about it on the next.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let level = match finding.level {
                Level::Good => "ok",
                Level::Warning => "warning",
                Level::Fault => "FAULT",
            };
            lines.push(format!("{level:<8} {}: {}", finding.check, finding.says));
            if let Some(advice) = &finding.advice {
                lines.push(format!("{:<8} -> {advice}", ""));
            }
        }
        lines.push(format!("{} faults, {} warnings", self.faults, self.warnings));
        lines
    }
}
