//! The columns of a sheet of samples, and the headings by which they are found.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The name of the container that the sample is in.
    Container,
    /// The container's type.
    Type,
    /// Where in the container.
    Location,
    /// The sample's name.
    Name,
    /// Its barcode.
    Barcode,
    /// The name of its group.
    Group,
    /// Its priority: a whole number, the lowest first.
    Priority,
    /// Comments.
    Comments,
}

impl Column {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 8] = [
        Self::Container,
        Self::Type,
        Self::Location,
        Self::Name,
        Self::Barcode,
        Self::Group,
        Self::Priority,
        Self::Comments,
    ];

    /// Those without which no sample can be read.
    pub const REQUIRED: [Self; 3] = [Self::Container, Self::Location, Self::Name];

    /// The heading that is written.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Container => "Container",
            Self::Type => "Container type",
            Self::Location => "Location",
            Self::Name => "Name",
            Self::Barcode => "Barcode",
            Self::Group => "Group",
            Self::Priority => "Priority",
            Self::Comments => "Comments",
        }
    }

    /// The headings that are understood, in small letters and without spaces and punctuation.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Container => &["container", "containername", "puck", "puckname", "cassette"],
            Self::Type => &["containertype", "type", "pucktype"],
            Self::Location => &["location", "port", "position", "well"],
            Self::Name => &["name", "sample", "samplename"],
            Self::Barcode => &["barcode", "samplebarcode"],
            Self::Group => &["group", "groupname"],
            Self::Priority => &["priority"],
            Self::Comments => &["comments", "comment", "notes", "note", "remarks", "remark"],
        }
    }

    /// The column of a heading. Case, spaces and punctuation don't matter.
    #[must_use]
    pub fn of_heading(heading: &str) -> Option<Self> {
        let plain: String = heading
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        Self::ALL
            .into_iter()
            .find(|column| column.names().contains(&plain.as_str()))
    }
}
