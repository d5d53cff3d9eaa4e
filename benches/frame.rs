//! The cost of a picture of a frame on one core: reading and reducing, the grey scale, encoding,
//! and all of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark that can't go on may panic, and the frames are the tests'"
)]

#[path = "../tests/support/frames.rs"]
mod frames;

use beamlive::proxy::frame::byte_offset::Deltas;
use beamlive::proxy::frame::tone::{grey, Brightness};
use beamlive::proxy::frame::{encode, picture};
use criterion::{Criterion, Throughput};
use frames::{byte_offsets, cbf, cbf_with, diffraction, SIX_MILLION};
use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;
use tiff::encoder::{colortype, TiffEncoder};

/// Width and height of a 16M detector's frames, in pixels.
const SIXTEEN_MILLION: (usize, usize) = (4150, 4371);

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for (name, size) in [("6M", SIX_MILLION), ("16M", SIXTEEN_MILLION)] {
        let pixels = diffraction(size);
        steps(&mut criterion, name, size, &pixels);
        whole(&mut criterion, &format!("{name} CBF"), &cbf(size, &pixels));
    }
    let pixels = diffraction(SIX_MILLION);
    whole(&mut criterion, "6M TIFF", &tiff(SIX_MILLION, &pixels));
    criterion.final_summary();
}

/// As Pilatus detectors write it: one strip of signed 32 bits.
fn tiff((width, height): (usize, usize), pixels: &[i32]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let (width, height) = (u32::try_from(width).unwrap(), u32::try_from(height).unwrap());
    let mut image = encoder.new_image::<colortype::GrayI32>(width, height).unwrap();
    image.rows_per_strip(height).unwrap();
    image.write_data(pixels).unwrap();
    file.into_inner()
}

fn steps(criterion: &mut Criterion, name: &str, size: (usize, usize), pixels: &[i32]) {
    let mut group = criterion.benchmark_group(format!("frame/{name}"));
    group.throughput(Throughput::Elements(pixels.len() as u64));
    let bytes = byte_offsets(pixels);
    let mut row = vec![0; size.0];
    group.bench_function("unfold", |bencher| {
        bencher.iter(|| {
            let mut deltas = Deltas::new(black_box(&bytes));
            for _ in 0..size.1 {
                deltas.fill(&mut row).unwrap();
            }
            row[0]
        });
    });
    let without_digest = cbf_with(size, pixels, |header| header.replace("Content-MD5", "X-Other"));
    group.bench_function("unfold and reduce", |bencher| {
        bencher.iter(|| picture(black_box(&without_digest)));
    });
    let file = cbf(size, pixels);
    group.bench_function("check, unfold and reduce", |bencher| {
        bencher.iter(|| picture(black_box(&file)));
    });
    let reduced = picture(&file).unwrap();
    group.bench_function("grey", |bencher| {
        bencher.iter(|| grey(black_box(&reduced), Brightness::Normal));
    });
    group.bench_function("grey and encode", |bencher| {
        bencher.iter(|| encode::png(black_box(&reduced), Brightness::Normal));
    });
    let png = encode::png(&reduced, Brightness::Normal).unwrap();
    println!("frame/{name}: {} bytes in, {} bytes out", file.len(), png.len());
    group.finish();
}

fn whole(criterion: &mut Criterion, name: &str, file: &[u8]) {
    criterion.bench_function(&format!("frame/whole/{name}"), |bencher| {
        bencher.iter(|| encode::png(&picture(black_box(file)).unwrap(), Brightness::Normal));
    });
}
