#![allow(clippy::unwrap_used)]
use super::*;
use crate::clock::CountingKeys;
use proptest::prelude::*;
use rstest::rstest;

// Made by hashlib.pbkdf2_hmac.
const DJANGO: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
const DJANGO_UTF8: &str = "pbkdf2_sha256$600$Zr0mWPGmPQ2f$kyaelg9CbgcL4Gdi6AcWVvvKHJ3DXVRpxgbdjnXwivU=";
// Made by the reference implementation in C.
const ARGON2: &str =
    "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR9+/XloAkXZ+EtyrY+bvmHIbiufhk0";
const ARGON2_CURRENT: &str =
    "$argon2id$v=19$m=32768,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Myl+tK4WQd/I4KYZlMNTKheAegNk4vMuHl140p0ULzA";
const ARGON2I: &str =
    "$argon2i$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$JJ/ZDykYOnhMabOK2tGFjoWMyIA2jiyUS51az8rbHG4";

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

#[rstest]
#[case::django(DJANGO, "correct horse", true)]
#[case::django_beyond_ascii(DJANGO_UTF8, "pässwörd-Ω", true)]
#[case::argon2id(ARGON2, "correct horse", true)]
#[case::argon2id_as_made_here(ARGON2_CURRENT, "correct horse", false)]
fn a_hash_knows_its_password(#[case] text: &str, #[case] right: &str, #[case] needs_rehash: bool) {
    let hash = PasswordHash::parse(text).unwrap();
    assert!(hash.verify(&password(right)));
    for wrong in ["", "correct horsf", "Correct horse", &format!("{right} "), "x"] {
        assert!(!hash.verify(&password(wrong)), "{wrong:?}");
    }
    assert_eq!(hash.needs_rehash(), needs_rehash);
    assert_eq!(hash.to_text(), text);
}

#[test]
fn djangos_own_argon2_is_read() {
    let hash = PasswordHash::parse(&format!("argon2{ARGON2}")).unwrap();
    assert!(hash.verify(&password("correct horse")));
    assert_eq!(hash.to_text(), ARGON2);
}

#[test]
fn a_hash_is_made_with_a_salt_of_its_own_and_read_again() {
    let salts = CountingKeys::default();
    let (first, second) = (
        PasswordHash::make(&password("correct horse"), &salts).unwrap(),
        PasswordHash::make(&password("correct horse"), &salts).unwrap(),
    );
    assert!(first.to_text().starts_with("$argon2id$v=19$m=32768,t=2,p=1$"));
    let read = PasswordHash::parse(&first.to_text()).unwrap();
    assert_eq!(read, first);
    assert!(!read.needs_rehash());
    assert!(read.verify(&password("correct horse")));
    assert!(!read.verify(&password("wrong horse")));
    assert_ne!(first, second);
}

#[test]
fn neither_a_password_nor_a_hash_is_shown() {
    let shown = format!(
        "{:?} {:?}",
        password("correct horse"),
        PasswordHash::parse(DJANGO).unwrap()
    );
    assert_eq!(shown, "Password(…) PasswordHash(Django { iterations: 1000 }, …)");
}

const SALT_AND_HASH: &str = "MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR9+/XloAkXZ+EtyrY+bvmHIbiufhk0";
const SALT_AND_DJANGO: &str = "seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

#[rstest]
#[case::empty(String::new(), HashError::UnknownKind)]
#[case::plain("correct horse".to_owned(), HashError::UnknownKind)]
#[case::another_kind("bcrypt$$2b$12$abc".to_owned(), HashError::UnknownKind)]
#[case::argon2i(ARGON2I.to_owned(), HashError::UnknownKind)]
#[case::without_a_password("!hfkjh3kjh".to_owned(), HashError::Unusable)]
#[case::long(format!("$argon2id${}", "a".repeat(600)), HashError::TooLong)]
#[case::argon2id_cut(ARGON2.replace("$dPtr", "")[..40].to_owned(), HashError::Malformed)]
#[case::argon2id_without_hash("$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg".to_owned(), HashError::Malformed)]
#[case::argon2id_old(format!("$argon2id$v=16$m=64,t=2,p=1${SALT_AND_HASH}"), HashError::Malformed)]
#[case::argon2id_no_version(format!("$argon2id$m=64,t=2,p=1${SALT_AND_HASH}"), HashError::Malformed)]
#[case::short_output("$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$dPtrHTEawLtMiR".to_owned(), HashError::Malformed)]
#[case::keyed(format!("$argon2id$v=19$m=64,t=2,p=1,keyid=AQID${SALT_AND_HASH}"), HashError::Keyed)]
#[case::memory(format!("$argon2id$v=19$m=131073,t=1,p=1${SALT_AND_HASH}"), HashError::TooCostly)]
#[case::sixty_four_gigabytes(format!("$argon2id$v=19$m=67108864,t=1,p=1${SALT_AND_HASH}"), HashError::TooCostly)]
#[case::work(format!("$argon2id$v=19$m=131072,t=9,p=1${SALT_AND_HASH}"), HashError::TooCostly)]
#[case::passes(format!("$argon2id$v=19$m=8,t=4294967295,p=1${SALT_AND_HASH}"), HashError::TooCostly)]
#[case::lanes(format!("$argon2id$v=19$m=4096,t=1,p=17${SALT_AND_HASH}"), HashError::TooCostly)]
#[case::iterations(format!("pbkdf2_sha256$3000001${SALT_AND_DJANGO}"), HashError::TooCostly)]
#[case::beyond_numbers(format!("pbkdf2_sha256$99999999999${SALT_AND_DJANGO}"), HashError::TooCostly)]
#[case::no_iterations(format!("pbkdf2_sha256$0${SALT_AND_DJANGO}"), HashError::Malformed)]
#[case::signed_iterations(format!("pbkdf2_sha256$+5${SALT_AND_DJANGO}"), HashError::Malformed)]
#[case::no_salt("pbkdf2_sha256$1000$$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=".to_owned(), HashError::Malformed)]
#[case::django_short("pbkdf2_sha256$1000$seasalt$mQnueSak".to_owned(), HashError::Malformed)]
#[case::django_more(format!("pbkdf2_sha256$1000${SALT_AND_DJANGO}$x"), HashError::Malformed)]
fn a_hash_that_cannot_be_checked_is_refused(#[case] text: String, #[case] error: HashError) {
    assert_eq!(PasswordHash::parse(&text), Err(error));
}

#[rstest]
#[case(format!("$argon2id$v=19$m=131072,t=8,p=16${SALT_AND_HASH}"))]
#[case(format!("pbkdf2_sha256$3000000${SALT_AND_DJANGO}"))]
fn what_is_at_the_bounds_is_taken(#[case] text: String) {
    assert_eq!(PasswordHash::parse(&text).unwrap().to_text(), text);
}

#[rstest]
#[case("ninechars", Err(Unfit::TooShort))]
#[case("ten chars!", Ok(()))]
#[case("äöüäöüäöüä", Ok(()))]
#[case("Synchrotron", Err(Unfit::Username))]
fn a_new_password_has_rules(#[case] text: &str, #[case] fits: Result<(), Unfit>) {
    assert_eq!(password(text).fits_new("synchrotron"), fits);
}

#[test]
fn a_password_is_bounded() {
    assert!(Password::new("x".repeat(LONGEST)).is_ok());
    assert_eq!(
        Password::new("x".repeat(LONGEST + 1)).unwrap_err(),
        Unfit::TooLong
    );
}

proptest! {
    #[test]
    fn no_text_is_read_as_a_hash_that_costs_too_much(
        kind in prop::sample::select(vec!["$argon2id$", "pbkdf2_sha256$", "argon2$argon2id$", ""]),
        rest in "(v=19\\$)?(m=[0-9]{1,11},t=[0-9]{1,11},p=[0-9]{1,6}|[0-9]{1,12})\\$[A-Za-z0-9+/]{0,30}\\$[A-Za-z0-9+/]{43}=?",
    ) {
        if let Ok(hash) = PasswordHash::parse(&format!("{kind}{rest}")) {
            match hash.cost() {
                Cost::Argon2id { memory, passes, lanes } => {
                    prop_assert!(memory <= 128 * 1024 && lanes <= 16);
                    prop_assert!(u64::from(memory) * u64::from(passes) <= 1024 * 1024);
                }
                Cost::Django { iterations } => prop_assert!((1..=3_000_000).contains(&iterations)),
            }
        }
    }
}
