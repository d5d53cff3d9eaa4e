//! stub
use crate::group::Rows;
use serde_json::Value;
pub(crate) struct TableChange {
    pub(crate) upsert: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) rows: Option<Value>,
    pub(crate) removed: Option<Value>,
}
pub(crate) fn project(_: &Rows) -> Vec<TableChange> {
    Vec::new()
}
