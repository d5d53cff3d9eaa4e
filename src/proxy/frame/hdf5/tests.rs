#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

const SIZE: (usize, usize) = (43, 37);

struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        into.copy_from_slice(&self.0[start..start + into.len()]);
        Ok(())
    }
}

struct Fixtures;

impl Neighbours for Fixtures {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn Source>>> {
        Ok(read(name).map(|bytes| Arc::new(Bytes(bytes)) as Arc<dyn Source>))
    }
}

fn read(name: &str) -> Option<Vec<u8>> {
    std::fs::read(format!(
        "{}/tests/fixtures/frames/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .ok()
}

fn shown(bytes: Vec<u8>, number: u64) -> Result<Picture, FrameError> {
    let located = locate(Arc::new(Bytes(bytes)), Arc::new(Fixtures), number)?;
    let mask = located.mask();
    located.picture(mask.as_ref())
}

/// What the script that made them says.
fn expected(number: i32) -> Picture {
    let shape = Shape {
        width: SIZE.0,
        height: SIZE.1,
    };
    let mut reducer = Reducer::new(shape, 1000);
    for row in 0..37 {
        let count = |column| match (row, column) {
            (20..=22, _) | (5, 6) => -1,
            _ => 10 * number + (7 * row + 3 * column) % 40,
        };
        reducer.push(&(0..43).map(count).collect::<Vec<_>>());
    }
    reducer.finish()
}

#[test]
fn each_layout_and_packing_gives_the_counts() {
    for (name, frames) in [
        ("old_master", 5),
        ("short_master", 5),
        ("many_master", 12),
        ("extensible", 3),
        ("fixed", 3),
        ("two_unlimited", 3),
        ("single", 1),
        ("deflated", 3),
        ("tiles", 3),
        ("plain", 3),
        ("implicit", 3),
        ("unpacked", 3),
        ("nexus", 3),
        ("big_endian", 3),
    ] {
        let file = read(&format!("{name}.h5")).unwrap();
        for number in 1..=frames {
            let picture =
                shown(file.clone(), number).unwrap_or_else(|error| panic!("{name} {number}: {error}"));
            assert_eq!(
                picture,
                expected(i32::try_from(number).unwrap()),
                "{name} {number}"
            );
        }
        for number in [0, frames + 1, u64::MAX] {
            let missing = shown(file.clone(), number).unwrap_err();
            assert!(
                matches!(&missing, FrameError::Missing(why) if why.contains(&format!("there are {frames}"))),
                "{name}: {missing}"
            );
        }
    }
}

#[test]
fn bytes_that_were_changed_are_read_or_refused() {
    let mut state = 7_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 1).unwrap()
    };
    for name in [
        "old_master",
        "many_master",
        "extensible",
        "fixed",
        "two_unlimited",
        "single",
        "tiles",
        "deflated",
    ] {
        let file = read(&format!("{name}.h5")).unwrap();
        for _ in 0..300 {
            let mut changed = file.clone();
            for _ in 0..=random() % 4 {
                let at = random() % changed.len();
                changed[at] = u8::try_from(random() % 256).unwrap();
            }
            let _ = shown(changed, 1);
        }
    }
}
