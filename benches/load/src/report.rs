//! The results for people: as text, and as a page.

mod html;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use html::page;
pub(crate) use text::table;
