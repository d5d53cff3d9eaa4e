#![allow(clippy::unwrap_used)]
use super::*;
use crate::ids::DatasetId;
use crate::time::Timestamp;

#[test]
fn ids_sort_as_numbers() {
    let mut keys: Vec<_> = [256, 1, u64::MAX, 255, 2]
        .map(|id| dataset(IdRef::Known(id)).as_bytes().to_vec())
        .to_vec();
    keys.sort();
    let ids: Vec<_> = keys.iter().map(|key| last_id(key).unwrap()).collect();
    assert_eq!(ids, [1, 2, 255, 256, u64::MAX]);
}

#[test]
fn a_successor_is_above_all_that_has_the_prefix_and_nothing_else() {
    for prefix in [&[10_u8][..], &[10, 0xff], &[10, 0xff, 0xff], &[255], &[]] {
        let end = successor(prefix);
        let longest = [prefix, &[0xff; 100]].concat();
        assert!(prefix < end.as_slice() && longest < end, "{prefix:?}");
    }
    assert_eq!(successor(&[10, 0xff]), [11]);
}

#[test]
fn below_ends_before_the_id_and_within_the_prefix() {
    let prefix = Key::of(Table::DatasetByProject).id(ProjectId(3));
    let (start, end) = below(&prefix, Some(7));
    let has = |project: u64, id: u64, start: &[u8], end: &[u8]| {
        let key = index(Table::DatasetByProject, ProjectId(project), IdRef::Known(id));
        start <= key.as_bytes() && key.as_bytes() < end
    };
    assert!(has(3, 6, &start, &end) && !has(3, 7, &start, &end) && !has(2, 6, &start, &end));
    let (start, end) = below(&prefix, None);
    assert!(has(3, u64::MAX, &start, &end) && !has(4, 0, &start, &end));
}

#[test]
fn keys_read_back() {
    for account in [Account::from(ProjectId(5)), Account::from(PersonId(5))] {
        let key = connection(AccessListId(3), account, "k\u{fc}vette");
        let parsed = parse_connection(key.as_bytes()).unwrap();
        assert_eq!(parsed, (AccessListId(3), account, "k\u{fc}vette".to_owned()));
    }
    let spent = spent_token(77, &[9; 16]);
    assert!(spent_tokens_before(77).as_bytes() < spent.as_bytes());
    assert!(spent.as_bytes() < spent_tokens_before(78).as_bytes());
    let browser = browser_session(77, &[9; 16]);
    assert!(browser_sessions_before(77).as_bytes() < browser.as_bytes());
    assert!(browser.as_bytes() < browser_sessions_before(78).as_bytes());
    let key = outbox(Subject::Report, IdRef::Known(9));
    assert_eq!(parse_outbox(key.as_bytes()), Some((Subject::Report, 9)));
    let by_time = answered_request_by_time(Timestamp(77), ProjectId(5), &[9; 16]);
    assert_eq!(
        parse_answered_request_by_time(by_time.as_bytes()),
        Some((Timestamp(77), answered_request(ProjectId(5), &[9; 16])))
    );
    let before = |micros| answered_requests_before(Timestamp(micros));
    assert!(before(77).as_bytes() < by_time.as_bytes() && by_time.as_bytes() < before(78).as_bytes());
    assert_eq!(parse_answered_request_by_time(&[47; 32]), None);
    for short in [&[][..], &[70], &[70; 17], &[70; 18]] {
        assert_eq!(parse_connection(short), None);
    }
    let key = stretch(SessionId(8), 2);
    assert_eq!(parse_stretch(key.as_bytes()), Some((SessionId(8), 2)));
    assert_eq!(parse_record(dataset(DatasetId(7)).as_bytes()), Some(7));
    for wrong in [&[][..], &[32], &[32; 9], &[32; 14]] {
        assert_eq!(parse_stretch(wrong), None);
    }
    for wrong in [&[][..], &[40], &[40; 8], &[40; 10]] {
        assert_eq!(parse_record(wrong), None);
    }
    assert_eq!(parse_outbox(&[63]), None);
    assert_eq!(parse_outbox(&[63, 99, 0, 0, 0, 0, 0, 0, 0, 1]), None);
}

#[test]
fn tables_have_numbers_of_their_own_below_the_pieces() {
    assert_eq!(counter(Table::Dataset).as_bytes(), [1, 40]);
    assert_eq!(Key::of(Table::Chunk).as_bytes(), [255]);
}

#[test]
fn a_dataset_is_among_those_of_its_project_at_its_beamline() {
    let key = dataset_by_project(BeamlineId(2), ProjectId(5), IdRef::Known(9));
    let (start, end) = below(&datasets_of(BeamlineId(2), ProjectId(5)), Some(10));
    assert!(start.as_slice() < key.as_bytes() && key.as_bytes() < end.as_slice());
    assert_eq!(last_id(key.as_bytes()), Some(9));
    assert!(
        below(&record(Table::DatasetByProject, BeamlineId(2)), None)
            .0
            .as_slice()
            < key.as_bytes()
    );
}

#[test]
fn the_value_of_an_identity_is_read_back() {
    for older in [None, Some("u-1")] {
        let value = identified(DatasetId(7), older);
        assert_eq!(parse_identified(&value), Some((DatasetId(7), older)));
    }
    assert_eq!(parse_identified(&[0; 7]), None);
    assert_eq!(parse_identified(&[0, 0, 0, 0, 0, 0, 0, 7, 0xff]), None);
}

#[test]
fn the_facility_and_the_outbox_are_followed_and_nothing_else() {
    let followed = (0..=u8::MAX).filter(|byte| Table::from_repr(*byte).is_some_and(Table::is_followed));
    assert_eq!(
        followed.collect::<Vec<_>>(),
        [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 63]
    );
}
