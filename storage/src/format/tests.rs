#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::engine::memory::MemoryEngine;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

fn rows(engine: &MemoryEngine) -> Vec<(Vec<u8>, Vec<u8>)> {
    engine
        .range(&[], &[0xff; 9], Order::Ascending)
        .collect::<Result<_, _>>()
        .unwrap()
}

fn with_layout(layout: u32) -> MemoryEngine {
    let engine = MemoryEngine::new();
    let mut batch = Batch::new();
    batch.insert(
        Key::of(Table::Meta),
        &StoreFormat {
            layout,
            created_by: "beamlive 1.0".to_owned(),
            created: NOW,
            written_by: "beamlive 9.9".to_owned(),
            records: Vec::new(),
        },
    );
    engine.apply(&[batch]).unwrap().outcomes.pop().unwrap().unwrap();
    engine
}

#[test]
fn a_new_store_has_a_format_and_is_accepted_when_opened_again() {
    let engine = MemoryEngine::new();
    prepare(&engine, "beamlive 1.0", NOW).unwrap();
    let created = rows(&engine);
    let (_, value) = created.first().unwrap();
    assert_eq!(
        decode::<StoreFormat>(value).unwrap().record,
        StoreFormat {
            layout: LAYOUT,
            created_by: "beamlive 1.0".to_owned(),
            created: NOW,
            written_by: "beamlive 1.0".to_owned(),
            records: VERSIONS
                .iter()
                .map(|(name, version)| ((*name).to_owned(), *version))
                .collect(),
        }
    );
    prepare(&engine, "beamlive 1.1", Timestamp(0)).unwrap();
    assert_eq!(rows(&engine), created);
}

#[test]
fn a_newer_layout_is_refused_by_name_and_untouched() {
    let engine = with_layout(LAYOUT + 1);
    let before = rows(&engine);
    let error = prepare(&engine, "beamlive 1.0", NOW).unwrap_err().to_string();
    assert!(
        error.starts_with("this store was written by a newer beamlive (layout 3, this build knows 2): "),
        "{error}"
    );
    assert!(error.contains("beamlive 9.9"), "{error}");
    assert_eq!(rows(&engine), before);
}

#[test]
fn a_layout_that_never_existed_is_refused() {
    let error = prepare(&with_layout(0), "beamlive 1.0", NOW);
    assert!(
        matches!(error, Err(FormatError::Unknown { found: 0 })),
        "{error:?}"
    );
}

#[test]
fn another_programs_database_is_refused_and_unchanged() {
    let engine = MemoryEngine::new();
    let mut batch = Batch::new();
    batch.set(Key::of(Table::Chunk).tail(&[0xff; 40]), b"theirs");
    engine.apply(&[batch]).unwrap().outcomes.pop().unwrap().unwrap();
    let before = rows(&engine);
    let error = prepare(&engine, "beamlive 1.0", NOW);
    assert!(matches!(error, Err(FormatError::Foreign)), "{error:?}");
    assert_eq!(rows(&engine), before);
}

#[test]
fn a_creation_that_fails_is_reported() {
    let engine = MemoryEngine::new();
    engine.fail_after(0);
    let error = prepare(&engine, "beamlive 1.0", NOW);
    assert!(
        matches!(error, Err(FormatError::Engine(EngineError::Injected))),
        "{error:?}"
    );
}
