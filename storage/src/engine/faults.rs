//! Where a database on disk can fail, so that a test can make it fail there.
//!
//! The engine asks before each step. In production it asks [`NoFaults`], which compiles to nothing; whoever opens a
//! store gives it another, so there is no switch that could be left on.

use std::io;

/// What the engine is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Open the files, or create them.
    Open,
    /// Read a key, or the next entry of a range.
    Read,
    /// Write a group.
    Write,
    /// Wait until the disk has it.
    Sync,
}

/// Decides which steps fail. Called from every thread that reads or writes.
pub trait Faults: Send + Sync + 'static {
    /// Called before a step is taken.
    ///
    /// # Errors
    /// What the step shall fail with; it is then not taken.
    fn before(&self, step: Step) -> io::Result<()>;
}

/// None: every step is taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    #[inline]
    fn before(&self, _: Step) -> io::Result<()> {
        Ok(())
    }
}
