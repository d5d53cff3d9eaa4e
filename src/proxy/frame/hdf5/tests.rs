#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use std::io;

const SIZE: (usize, usize) = (43, 37);

struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        let there = self.0.get(start..start.saturating_add(into.len()));
        into.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

struct Fixtures;

impl Siblings for Fixtures {
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
    located.picture(located.fetch()?, mask.as_ref())
}

/// The picture of a fixture, as its script computes it.
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

/// The fixtures, one of them with changed bytes.
struct Changed(&'static str, Vec<u8>);

impl Siblings for Changed {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn Source>>> {
        let bytes = match name == self.0 {
            true => Some(self.1.clone()),
            false => read(name),
        };
        Ok(bytes.map(|bytes| Arc::new(Bytes(bytes)) as Arc<dyn Source>))
    }
}

/// Random numbers from a seed (xorshift).
fn random(state: &mut u64, below: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 1).unwrap() % below
}

fn changed(mut file: Vec<u8>, state: &mut u64) -> Vec<u8> {
    for _ in 0..=random(state, 4) {
        let at = random(state, file.len());
        file[at] = u8::try_from(random(state, 256)).unwrap();
    }
    if random(state, 8) == 0 {
        file.truncate(random(state, file.len()) + 1);
    }
    file
}

/// Much longer than a frame of these takes, and much shorter than an endless loop.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(5);

#[test]
fn bytes_that_were_changed_are_read_or_refused_in_bounded_time() {
    let seed = std::env::var("BEAMLIVE_TEST_SEED").map_or(7, |seed| seed.parse().unwrap());
    // Xorshift needs a state other than zero.
    let mut state = seed | 1_u64 << 63;
    for (master, data) in [
        ("old_master.h5", Some("old_data_000001.h5")),
        ("short_master.h5", Some("short_data_000001.h5")),
        ("many_master.h5", Some("many_data_000001.h5")),
        ("extensible.h5", None),
        ("fixed.h5", None),
        ("two_unlimited.h5", None),
        ("single.h5", None),
        ("tiles.h5", None),
        ("deflated.h5", None),
        ("implicit.h5", None),
        ("nexus.h5", None),
        ("virtual.h5", None),
        ("zstd.h5", None),
    ] {
        for turn in 0..300 {
            let mut file = read(master).unwrap();
            let mut siblings = Changed("", Vec::new());
            match data.filter(|_| turn % 2 == 0) {
                Some(data) => siblings = Changed(data, changed(read(data).unwrap(), &mut state)),
                None => file = changed(file, &mut state),
            }
            let started = std::time::Instant::now();
            let located = locate(Arc::new(Bytes(file)), Arc::new(siblings), 1);
            let _ = located.and_then(|located| located.picture(located.fetch()?, located.mask().as_ref()));
            let took = started.elapsed();
            assert!(took < LONGEST, "seed {seed}, {master}, turn {turn}: {took:?}");
        }
    }
}

#[test]
fn a_count_above_the_cutoff_is_black_and_the_masked_are_white() {
    let mut file = locate(
        Arc::new(Bytes(read("old_master.h5").unwrap())),
        Arc::new(Fixtures),
        2,
    )
    .unwrap();
    assert_eq!(file.cutoff, Some(1000));
    file.cutoff = Some(59);
    // Except for one pixel, the mask has all pixels with the highest count, 59.
    let mut mask = file.mask().unwrap();
    for row in 0..SIZE.1 {
        for column in 0..SIZE.0 {
            if (7 * row + 3 * column) % 40 == 39 && (row, column) != (7, 10) {
                mask.bits[row * SIZE.0.div_ceil(8) + column / 8] |= 1 << (column % 8);
            }
        }
    }
    let picture = file.picture(file.fetch().unwrap(), Some(&mask)).unwrap();
    let at = |row: usize, column: usize| picture.shades[row * SIZE.0 + column];
    assert_eq!(at(7, 10), u16::MAX);
    assert_eq!(
        picture.shades.iter().filter(|shade| **shade == u16::MAX).count(),
        1
    );
    assert_eq!((at(20, 0), at(22, 42), at(5, 6)), (0, 0, 0));
    // Without the mask, the gap at the highest value of the type is still white.
    let gap = file.picture(file.fetch().unwrap(), None).unwrap();
    assert_eq!(gap.shades[21 * SIZE.0], 0);
}
