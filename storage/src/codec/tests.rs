#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::records::{DataType, Dataset, PendingForward, Report};
use proptest::prelude::*;

fn data_type() -> DataType {
    DataType {
        acronym: "DATA".to_owned(),
        name: "Dataset".to_owned(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    }
}

#[test]
fn a_record_is_read_with_its_revision() {
    let bytes = encode(42, &data_type());
    let read = decode::<DataType>(&bytes).unwrap();
    assert_eq!((read.revision, read.record), (42, data_type()));
    assert_eq!(revision_of(&bytes), Some(42));
}

#[test]
fn a_newer_version_is_refused_with_advice() {
    let mut bytes = encode(1, &data_type());
    *bytes.first_mut().unwrap() = 2;
    let error = decode::<DataType>(&bytes).unwrap_err();
    assert_eq!(
        error,
        DecodeError::UnknownVersion {
            record: "data type",
            found: 2,
            known: 1
        }
    );
    assert!(error.to_string().contains("run the newer beamlive"), "{error}");
}

#[test]
fn trailing_and_missing_bytes_are_refused() {
    let bytes = encode(1, &data_type());
    let longer = [bytes.as_slice(), &[0]].concat();
    for wrong in std::iter::once(longer.as_slice()).chain((0..bytes.len()).filter_map(|end| bytes.get(..end)))
    {
        match decode::<DataType>(wrong) {
            Err(DecodeError::Malformed {
                record: "data type", ..
            }) => {}
            other => panic!("{} bytes: {other:?}", wrong.len()),
        }
    }
}

proptest! {
    /// A length header of gigabytes does not allocate them.
    #[test]
    fn no_bytes_make_decoding_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&[1_u8; 9], body.as_slice()].concat();
        let _ = decode::<Dataset>(&bytes);
        let _ = decode::<Report>(&bytes);
        let _ = decode::<PendingForward>(&bytes);
    }
}
