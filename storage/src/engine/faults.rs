//! Where a test can make a database on disk fail.
//!
//! The engine asks before each step. In production it asks [`NoFaults`], which compiles to nothing.
//! Faults are a parameter of opening a store, so there is no switch that could be left on.

use std::io;

/// What the engine is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Open or create the files.
    Open,
    /// Read a key, or the next entry of a range.
    Read,
    /// Note in the undo file of an import what a group changes.
    Note,
    /// Write a group.
    Write,
    /// Wait until the group is on the disk.
    Sync,
}

/// Decides which steps fail. Called from every thread that reads or writes.
pub trait Faults: Send + Sync + 'static {
    /// Called before a step.
    ///
    /// # Errors
    /// The error of the step, which is not taken then.
    fn before(&self, step: Step) -> io::Result<()>;
}

/// No step fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    #[inline]
    fn before(&self, _: Step) -> io::Result<()> {
        Ok(())
    }
}
