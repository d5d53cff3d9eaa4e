//! Where things are: addresses of the book, and paths in the repository.

/// Where the book is, on a service.
pub const ROOT: &str = "/docs";

/// The address of the page with this name.
pub(crate) fn address(name: &str) -> String {
    if name.is_empty() {
        ROOT.to_owned()
    } else {
        format!("{ROOT}/{name}")
    }
}

/// A link that stands in the file `from`, as a path in the repository.
pub(crate) fn joined(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
