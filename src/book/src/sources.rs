//! The texts of the pages, and of the files that they link to. They are part of the program.

/// The source of a page.
pub(crate) struct Source {
    /// Its path in the repository.
    path: &'static str,
    /// The last part of its address.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

/// The text of a file of the repository.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../", $path))
    };
}
macro_rules! pages {
    ($($name:literal: $path:literal,)*) => {
        const PAGES: &[Source] = &[$(Source { path: $path, name: $name, text: text!($path) },)*];
    };
}

macro_rules! files {
    ($($path:literal,)*) => {
        const FILES: &[(&str, &str)] = &[$(($path, text!($path)),)*];
    };
}

pages! {
    "": "README.md",
    "api": "docs/API.md",
    "architecture": "ARCHITECTURE.md",
    "backup": "docs/BACKUP.md",
    "benches": "benches/README.md",
    "changelog": "CHANGELOG.md",
    "configuration": "docs/CONFIGURATION.md",
    "console": "docs/CONSOLE.md",
    "data-proxy": "docs/DATA-PROXY.md",
    "export": "docs/EXPORT.md",
    "first-beamline": "docs/FIRST-BEAMLINE.md",
    "glossary": "docs/GLOSSARY.md",
    "high-availability": "docs/HIGH-AVAILABILITY.md",
    "install": "docs/INSTALL.md",
    "load": "docs/LOAD.md",
    "metrics": "docs/METRICS.md",
    "migration": "docs/MIGRATION.md",
    "mxlive": "docs/MXLIVE.md",
    "operating": "docs/OPERATING.md",
    "packages": "docs/PACKAGES.md",
    "performance": "docs/PERFORMANCE.md",
    "python": "examples/python-client/README.md",
    "reliability": "docs/RELIABILITY.md",
    "reports": "docs/REPORTS.md",
    "rust": "docs/RUST.md",
    "samples": "docs/SAMPLES.md",
    "security": "docs/SECURITY.md",
    "shadow": "docs/SHADOW.md",
    "sql": "docs/SQL.md",
    "sql-tables": "docs/SQL-TABLES.md",
    "testing": "docs/TESTING.md",
    "tls": "docs/TLS.md",
    "troubleshooting": "docs/TROUBLESHOOTING.md",
    "tuning": "docs/TUNING.md",
    "version-3": "docs/VERSION-3.md",
}

files! {
    "LICENSE",
    "docs/SUMMARY.md",
    "examples/alerts.yml",
    "examples/facility.toml",
    "examples/grafana-dashboard.json",
    "examples/grafana-sql-dashboard.json",
    "examples/ha/beamlive.service",
    "examples/ha/beamlive.toml",
    "examples/ha/create-database.sh",
    "examples/ha/etcd.env",
    "examples/ha/haproxy.cfg",
    "examples/ha/keepalived.conf",
    "examples/ha/patroni.env",
    "examples/ha/patroni.yml",
    "examples/notebook.py",
    "examples/production.toml",
    "examples/samples.csv",
}

/// The list of contents.
pub(crate) const SUMMARY: &str = text!("docs/SUMMARY.md");

/// The page with this path in the repository.
pub(crate) fn page(path: &str) -> Option<&'static Source> {
    PAGES.iter().find(|page| page.path == path)
}

/// The text of the file with this path in the repository.
pub(crate) fn file(path: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find_map(|(known, text)| (*known == path).then_some(*text))
}
