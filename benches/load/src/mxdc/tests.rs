#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use crate::credentials::Credentials;
use crate::ledger::PerKind;
use beamlive_client::key::Key;
use std::collections::BTreeMap;

const RUN: Run = Run { id: 1, secret: 2 };
const NOW: Timestamp = Timestamp(1_795_446_000_000_000);

fn mxdc(mix: Mix, is_alone: bool) -> Mxdc {
    with(&Credentials::Key(Key::from_seed(&[1; 32])), mix, is_alone)
}

fn with(credentials: &Credentials, mix: Mix, is_alone: bool) -> Mxdc {
    let target = Target {
        address: "127.0.0.1:80".parse().unwrap(),
        host: "somewhere".to_owned(),
        prefix: String::new(),
        secure: None,
    };
    Mxdc::new(Setup {
        program: 7,
        target: Arc::new(target),
        run: RUN,
        mix,
        username: "p".to_owned(),
        caller: Caller::new("p", credentials, false),
        beamline: "B".to_owned(),
        owns_session: true,
        is_alone,
        bodies: Bodies::new("p", true).unwrap(),
        samples: Arc::new([5, 6]),
    })
}

/// The first `count` requests of a client, which are answered with `outcome` and ids from 1.
fn play(
    mxdc: &mut Mxdc,
    count: usize,
    mut outcome: impl FnMut(usize) -> Outcome,
) -> Vec<(Operation, String)> {
    let mut asked = Vec::new();
    for turn in 0..count {
        let mut out = Vec::new();
        let operation = mxdc.next_request(NOW, &mut out);
        let line = String::from_utf8_lossy(&out).lines().next().unwrap().to_owned();
        let path = line
            .split(' ')
            .nth(1)
            .unwrap()
            .splitn(5, '/')
            .nth(4)
            .unwrap()
            .to_owned();
        mxdc.answered(outcome(turn), format!("{{\"id\":{}}}", turn + 1).as_bytes());
        asked.push((operation, path));
    }
    asked
}

fn fine(_: usize) -> Outcome {
    Outcome::Status(200)
}

fn operations(asked: &[(Operation, String)]) -> Vec<Operation> {
    asked.iter().map(|(operation, _)| *operation).collect()
}

#[test]
fn a_day_is_a_launch_samples_datasets_with_their_reports_and_a_close() {
    let mut mxdc = mxdc(Mix::Mxdc, true);
    let asked = play(&mut mxdc, 6, fine);
    use Operation::{Dataset, Launch, Report, Samples};
    assert_eq!(
        operations(&asked),
        [Launch, Samples, Dataset, Report, Dataset, Report]
    );
    assert_eq!(asked[0].1, format!("launch/B/{}/", RUN.name(7, 0)));
    let rest = play(&mut mxdc, 97, fine);
    assert_eq!(rest[95].0, Operation::Close, "after 20 crystals");
    assert_eq!(rest[96], (Launch, format!("launch/B/{}/", RUN.name(7, 1))));
    assert!(mxdc.last_request(NOW, &mut Vec::new()).is_some(), "it is open");
    let ledger = Box::new(mxdc).into_ledger().unwrap();
    let first = Session {
        launches: 1,
        unknown_launches: 0,
        uploads: PerKind {
            dataset: 40,
            report: 40,
        },
    };
    assert_eq!(ledger.sessions[0], first);
    assert_eq!(ledger.uploads.report[0], Upload { id: 4, about: 3 });
    assert!(ledger.is_attributed);
}

#[test]
fn a_client_that_shares_its_beamline_closes_it_only_at_the_end() {
    let asked = play(&mut mxdc(Mix::Mxdc, false), 500, fine);
    assert!(!operations(&asked).contains(&Operation::Close));
}

#[test]
fn a_dataset_that_was_not_acknowledged_has_no_report() {
    let mut mxdc = mxdc(Mix::Mxdc, true);
    let asked = play(&mut mxdc, 200, |turn| {
        if turn % 3 == 2 {
            Outcome::TimedOut
        } else {
            fine(turn)
        }
    });
    let ledger = Box::new(mxdc).into_ledger().unwrap();
    let datasets = &ledger.uploads.dataset;
    let acknowledged: Vec<_> = datasets
        .iter()
        .map(|upload| upload.id)
        .filter(|id| *id > 0)
        .collect();
    assert!(ledger
        .uploads
        .report
        .iter()
        .all(|report| acknowledged.contains(&report.about)));
    assert!(operations(&asked).contains(&Operation::Report));
    assert!(datasets.iter().any(|upload| upload.id == 0));
}

#[test]
fn a_launch_of_unknown_outcome_is_followed_by_one_of_another_name() {
    for mix in [Mix::Mxdc, Mix::Launches] {
        let mut mxdc = mxdc(mix, true);
        let asked = play(
            &mut mxdc,
            2,
            |turn| if turn == 0 { Outcome::Broken } else { fine(turn) },
        );
        assert_eq!(operations(&asked), [Operation::Launch; 2]);
        assert_ne!(asked[0].1, asked[1].1);
        let ledger = Box::new(mxdc).into_ledger().unwrap();
        let session = ledger.sessions[0];
        assert_eq!((session.launches, session.unknown_launches), (0, 1));
        assert!(!ledger.is_attributed);
    }
}

#[test]
fn every_launch_of_the_mix_begins_a_stretch() {
    let mut mxdc = mxdc(Mix::Launches, true);
    // By the contract, a launch continues the stretch of its name unless another had the beamline.
    let (mut last, mut stretches) = (String::new(), BTreeMap::<String, u32>::new());
    for (operation, path) in play(&mut mxdc, 1_000, |turn| {
        if turn % 37 == 36 {
            Outcome::NoConnection
        } else {
            fine(turn)
        }
    })
    .into_iter()
    .enumerate()
    .filter(|(turn, _)| turn % 37 != 36)
    .map(|(_, asked)| asked)
    {
        if operation == Operation::Launch {
            let name = path.split('/').nth(2).unwrap().to_owned();
            if name != last {
                *stretches.entry(name.clone()).or_default() += 1;
            }
            last = name;
        }
    }
    let ledger = Box::new(mxdc).into_ledger().unwrap();
    for (number, session) in ledger
        .sessions
        .iter()
        .enumerate()
        .filter(|(_, session)| session.launches > 0)
    {
        let name = RUN.name(7, u32::try_from(number).unwrap());
        assert_eq!(stretches.get(&name), Some(&session.launches), "{name}");
        assert!(session.launches <= LAUNCHES_EACH);
    }
    let counted: u32 = ledger.sessions.iter().map(|session| session.launches).sum();
    assert_eq!(counted, stretches.values().sum::<u32>());
}

#[test]
fn an_answer_without_an_id_acknowledges_nothing() {
    let mut mxdc = mxdc(Mix::Uploads, true);
    play(&mut mxdc, 1, fine);
    mxdc.next_request(NOW, &mut Vec::new());
    mxdc.answered(Outcome::Status(200), b"<html>");
    assert_eq!(
        Box::new(mxdc).into_ledger().unwrap().uploads.dataset,
        [Upload::default()]
    );
}

/// The operation of a request of version 3, its first line, and its access token.
fn next(mxdc: &mut Mxdc) -> (Operation, String, Option<String>) {
    let mut out = Vec::new();
    let operation = mxdc.next_request(NOW, &mut out);
    let text = String::from_utf8_lossy(&out).into_owned();
    let token = text
        .lines()
        .find_map(|line| line.strip_prefix("X-Access-Token: "));
    (
        operation,
        text.lines().next().unwrap().to_owned(),
        token.map(str::to_owned),
    )
}

#[test]
fn with_a_password_it_signs_in_first_and_again_when_its_token_is_refused() {
    let mut mxdc = with(&Credentials::Password("a b&c".to_owned()), Mix::Mxdc, true);
    assert!(
        mxdc.first_request(NOW, &mut Vec::new()).is_none(),
        "it has no token"
    );
    let mut out = Vec::new();
    assert_eq!(mxdc.sign_in(&mut out), Some(Operation::SignIn));
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("POST /api/v3/auth/ HTTP/1.1\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nusername=p&password=a+b%26c"), "{text}");
    for outcome in [Outcome::Status(503), Outcome::TimedOut] {
        mxdc.answered(outcome, b"");
        assert_eq!(next(&mut mxdc).0, Operation::SignIn);
    }
    mxdc.answered(fine(0), br#"{"access":"a.b.c","refresh":"d.e.f"}"#);
    assert_eq!(mxdc.sign_in(&mut Vec::new()), None);
    let token = Some("Bearer a.b.c".to_owned());
    let line = format!("POST /api/v3/session/B/{}/start/ HTTP/1.1", RUN.name(7, 0));
    assert_eq!(next(&mut mxdc), (Operation::Launch, line, token.clone()));
    mxdc.answered(fine(0), b"{}");
    let line = "GET /api/v3/samples/B/ HTTP/1.1".to_owned();
    assert_eq!(next(&mut mxdc), (Operation::Samples, line, token.clone()));
    mxdc.answered(fine(0), b"[]");
    let line = "POST /api/v3/data/B/ HTTP/1.1".to_owned();
    assert_eq!(next(&mut mxdc), (Operation::Dataset, line, token));
    mxdc.answered(Outcome::Status(403), b"");
    assert_eq!(next(&mut mxdc).0, Operation::SignIn);
    let ledger = Box::new(mxdc).into_ledger().unwrap();
    assert_eq!(ledger.uploads.dataset, [Upload::default()]);
}
