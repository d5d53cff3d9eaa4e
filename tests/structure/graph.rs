//! The graph of the source files: an arrow from each file to those whose items it names.

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, UseTree};

/// A path as it is written: `crate`, `keys`, `Table`.
type Names = Vec<String>;

/// One file of a crate.
struct Source {
    /// Relative to the repository.
    path: String,
    text: String,
    /// The name of the crate, and the modules down to this file.
    module: Names,
    /// What its `use` lines bring in: the local name, and where it comes from.
    imports: Vec<(String, Names)>,
    /// Where it takes everything from (`use super::*`).
    globs: Vec<Names>,
    /// Other paths in its code.
    paths: Vec<Names>,
}

/// All files of all crates.
pub(super) struct Sources {
    files: Vec<Source>,
    /// The number of the file of each module.
    modules: HashMap<Names, usize>,
}

impl Sources {
    /// Reads each crate, a name and the folder of its sources, below `root`.
    pub(super) fn read(root: &Path, crates: &[(&str, &str)]) -> Self {
        let folders: Vec<_> = crates.iter().map(|(_, folder)| root.join(folder)).collect();
        let mut files = Vec::new();
        for ((name, _), folder) in crates.iter().zip(&folders) {
            let mut found = Vec::new();
            list(folder, &folders, &mut found);
            for path in found {
                files.push(Source::read(root, folder, name, &path));
            }
        }
        let modules = files
            .iter()
            .enumerate()
            .map(|(number, file)| (file.module.clone(), number))
            .collect();
        Self { files, modules }
    }

    /// The path and the text of each file.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|file| (file.path.as_str(), file.text.as_str()))
    }

    /// How many pairs of files are connected.
    pub(super) fn arrows(&self) -> usize {
        self.graph().edge_count()
    }

    /// Each circle as a list of its files.
    pub(super) fn circles(&self) -> Vec<String> {
        let graph = self.graph();
        let mut circles: Vec<_> = tarjan_scc(&graph)
            .into_iter()
            .filter(|files| files.len() > 1)
            .map(|files| self.describe(&graph, &files))
            .collect();
        circles.sort();
        circles
    }

    fn describe(&self, graph: &DiGraphMap<usize, ()>, files: &[usize]) -> String {
        let mut arrows: Vec<_> = files
            .iter()
            .flat_map(|from| graph.neighbors(*from).map(move |to| (*from, to)))
            .filter(|(_, to)| files.contains(to))
            .map(|(from, to)| format!("  {} -> {}", self.files[from].path, self.files[to].path))
            .collect();
        arrows.sort();
        format!("{} files:\n{}", files.len(), arrows.join("\n"))
    }

    fn graph(&self) -> DiGraphMap<usize, ()> {
        let mut graph = DiGraphMap::new();
        for (from, file) in self.files.iter().enumerate() {
            graph.add_node(from);
            let imports = file.imports.iter().map(|(_, path)| path);
            for path in imports.chain(&file.globs).chain(&file.paths) {
                if let Some(to) = self.resolve(&file.module, path, 0) {
                    if to != from {
                        graph.add_edge(from, to, ());
                    }
                }
            }
        }
        graph
    }

    /// The file that has what `path` means in `module`; none for what other crates have.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        /// Imports that lead to imports.
        const DEEPEST: usize = 8;
        let (first, mut rest) = path.split_first()?;
        let mut at = module.to_vec();
        match first.as_str() {
            "crate" => at.truncate(1),
            "self" => {}
            "super" => {
                at.pop();
                while let Some((next, more)) = rest.split_first() {
                    if next != "super" {
                        break;
                    }
                    at.pop();
                    rest = more;
                }
            }
            name if self.modules.contains_key(&vec![name.to_owned()]) => at = vec![name.to_owned()],
            name if self.modules.contains_key(&child(module, name)) => at.push(name.to_owned()),
            _ => return None,
        }
        while let Some((next, more)) = rest.split_first() {
            if !self.modules.contains_key(&child(&at, next)) {
                break;
            }
            at.push(next.clone());
            rest = more;
        }
        let number = *self.modules.get(&at)?;
        let imported = rest.first().and_then(|name| {
            let file = &self.files[number];
            let mut imports = file.imports.iter();
            let (_, from) = imports.find(|(local, _)| local == name)?;
            (depth < DEEPEST)
                .then(|| self.resolve(&at, from, depth + 1))
                .flatten()
        });
        Some(imported.unwrap_or(number))
    }
}

fn child(module: &[String], name: &str) -> Names {
    let mut child = module.to_vec();
    child.push(name.to_owned());
    child
}

/// All sources below `folder` that are no tests, and belong to no other crate.
fn list(folder: &Path, crates: &[PathBuf], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_test = name == "tests" || name.ends_with("_tests");
        let is_other_crate = crates.iter().any(|other| other.starts_with(&path));
        if is_test || is_other_crate {
            continue;
        }
        if path.is_dir() {
            list(&path, crates, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

impl Source {
    fn read(root: &Path, folder: &Path, name: &str, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let parsed: File = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut module = vec![name.to_owned()];
        let below = path.strip_prefix(folder).unwrap().with_extension("");
        module.extend(below.iter().map(|part| part.to_string_lossy().into_owned()));
        if matches!(module.last().map(String::as_str), Some("lib" | "mod")) {
            module.pop();
        }
        let mut source = Self {
            path: path.strip_prefix(root).unwrap().display().to_string(),
            text,
            module,
            imports: Vec::new(),
            globs: Vec::new(),
            paths: Vec::new(),
        };
        source.visit_file(&parsed);
        source
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.import(&child(prefix, &path.ident.to_string()), &path.tree),
            UseTree::Name(name) if name.ident == "self" => {
                let local = prefix.last().cloned().unwrap_or_default();
                self.imports.push((local, prefix.to_vec()));
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.imports.push((name.clone(), child(prefix, &name)));
            }
            UseTree::Rename(rename) => {
                let path = child(prefix, &rename.ident.to_string());
                self.imports.push((rename.rename.to_string(), path));
            }
            UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let cfg = attribute.path().is_ident("cfg");
        cfg && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|path| path.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.push(names.collect());
        }
        visit::visit_path(self, path);
    }
}
