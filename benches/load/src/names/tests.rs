use super::*;

const RUN: Run = Run {
    id: 0xabcd,
    secret: 5,
};

#[test]
fn a_name_is_parsed_if_it_is_one_of_this_run() {
    let name = RUN.name(17, 300);
    assert_eq!(name.len(), NAME.len());
    assert_eq!(RUN.parse(&name), Some((17, 300)));
    assert_eq!(RUN.parse(&format!("{name} MX Native Analysis")), Some((17, 300)));
    let other = Run { id: 1, ..RUN };
    for text in [
        "",
        "load-",
        "day-1",
        &other.name(17, 300),
        &name[..NAME.len() - 1],
    ] {
        assert_eq!(RUN.parse(text), None, "{text}");
    }
    assert_eq!(RUN.parse(&name.to_uppercase()), None);
    assert_eq!(RUN.parse("load-0000abcd-00é1-0000012c"), None);
}

#[test]
fn every_dataset_has_its_own_uuid() {
    let mut seen = std::collections::HashSet::new();
    for program in 0..20 {
        for number in 0..500 {
            assert!(seen.insert(RUN.uuid(program, number)));
        }
    }
    assert_eq!(RUN.uuid(3, 4), RUN.uuid(3, 4));
    assert_ne!(RUN.uuid(3, 4), Run { secret: 6, ..RUN }.uuid(3, 4));
}
