//! The results for people: as text, and as a page.

mod html;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use html::page;
pub use html::STYLE as PAGE_STYLE;
pub(crate) use text::table;
