//! The graph of the source files: an arrow from each file to those whose items it names.

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, Lit, Meta, UseTree};

/// A path as it is written: `crate`, `keys`, `Table`.
type Names = Vec<String>;

/// The name of the folder with benchmarks.
pub(super) const BENCHES: &str = "benches";

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
    /// Other paths in its code, in macros and in attributes.
    paths: Vec<Names>,
    /// Modules whose file is named by `#[path]`: the name, and the file.
    placed: Vec<(String, PathBuf)>,
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
        let mut modules: HashMap<_, _> = files
            .iter()
            .enumerate()
            .map(|(number, file)| (file.module.clone(), number))
            .collect();
        for file in &files {
            for (name, path) in &file.placed {
                let path = path.strip_prefix(root).unwrap().display().to_string();
                if let Some(number) = files.iter().position(|other| other.path == path) {
                    modules.insert(child(&file.module, name), number);
                }
            }
        }
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

    /// The file that has what `path` means in `module`; `None` for what other crates have.
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

/// All sources below `folder` that are not tests, and belong to no other crate.
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
        if name == BENCHES {
            // Each benchmark is a crate of its own, whose name is not that of any module.
            let first = module.remove(1);
            module[0] = format!("{BENCHES} {first}");
        }
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
            placed: placed(&parsed, path.parent().unwrap()),
        };
        source.visit_file(&parsed);
        source
    }

    /// Collects the paths in the tokens of a macro or of an attribute. Literals in attributes may
    /// be paths, as in `#[serde(with = "…")]`.
    fn scan(&mut self, tokens: TokenStream, literals: bool) {
        let mut names = Names::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 && !names.is_empty() => {
                    names.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                _ if names.len() > 1 => self.paths.push(std::mem::take(&mut names)),
                _ => names.clear(),
            }
            colons = 0;
            match token {
                TokenTree::Ident(ident) => names.push(ident.to_string()),
                TokenTree::Group(group) => self.scan(group.stream(), literals),
                TokenTree::Literal(literal) if literals => {
                    if let Lit::Str(text) = Lit::new(literal) {
                        if let Ok(path) = text.parse::<syn::Path>() {
                            self.visit_path(&path);
                        }
                    }
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => {}
            }
        }
        if names.len() > 1 {
            self.paths.push(names);
        }
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

/// The modules of a file in a place of their own.
fn placed(file: &File, folder: &Path) -> Vec<(String, PathBuf)> {
    let modules = file.items.iter().filter_map(|item| {
        let Item::Mod(module) = item else { return None };
        let attribute = module.attrs.iter().find(|it| it.path().is_ident("path"))?;
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let syn::Expr::Lit(syn::ExprLit {
            lit: Lit::Str(path), ..
        }) = &pair.value
        else {
            return None;
        };
        Some((module.ident.to_string(), folder.join(path.value())))
    });
    modules.collect()
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
        Item::Macro(item) => &item.attrs,
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

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.scan(call.tokens.clone(), false);
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone(), true);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.push(names.collect());
        }
        visit::visit_path(self, path);
    }
}
