#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::columns::Column;
use super::export::Row;
use super::import::Import;
use super::sheet::{cell, MAX_CELL, MAX_COLUMNS, MAX_ROWS};
use super::Format;
use beamlive_actors::facility::place::Mistake;
use rstest::rstest;

fn places(mistakes: Vec<Mistake>) -> Vec<String> {
    mistakes.into_iter().map(|mistake| mistake.place).collect()
}

fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
    let sheet = Format::Csv.read(text.as_bytes()).unwrap();
    sheet.rows().map(|(row, cells)| (row, cells.to_vec())).collect()
}

#[rstest]
#[case(1, "A7")]
#[case(3, "C7")]
#[case(26, "Z7")]
#[case(27, "AA7")]
#[case(702, "ZZ7")]
#[case(703, "AAA7")]
fn cells_are_named_as_spreadsheets_do(#[case] column: usize, #[case] name: &str) {
    assert_eq!(cell(7, column), name);
}

#[rstest]
#[case("Sample Name", Some(Column::Name))]
#[case(" SAMPLE_name ", Some(Column::Name))]
#[case("puck", Some(Column::Container))]
#[case("Container-Type", Some(Column::Type))]
#[case("Well", Some(Column::Location))]
#[case("Remarks:", Some(Column::Comments))]
#[case("cell", None)]
#[case("", None)]
fn headings_are_found_by_their_usual_names(#[case] heading: &str, #[case] column: Option<Column>) {
    assert_eq!(Column::of_heading(heading), column);
}

#[test]
fn every_written_heading_is_found() {
    for column in Column::ALL {
        assert_eq!(Column::of_heading(column.heading()), Some(column));
    }
}

#[rstest]
#[case("name,puck\n\n\na,b\n", 4)]
#[case("name,puck\r\n\r\n\r\na,b\r\n", 4)]
#[case("name,puck\r\ra,b\r", 3)]
#[case("\n\nname,puck\na,b", 4)]
#[case("name,\"pu\nck\"\na,b", 2)]
fn rows_have_the_numbers_of_a_spreadsheet(#[case] text: &str, #[case] last: usize) {
    assert_eq!(cells(text).last().unwrap().0, last, "{text:?}");
}

#[rstest]
#[case("name;puck\na;b,c\n")]
#[case("name\tpuck\na\tb,c\n")]
#[case("name,puck\na,\"b,c\"\n")]
#[case("\u{feff}name,puck\na,\"b,c\"\n")]
fn commas_semicolons_and_tabs_separate(#[case] text: &str) {
    assert_eq!(cells(text)[1].1, ["a", "b,c"]);
    assert_eq!(cells(text)[0].1, ["name", "puck"]);
}

#[rstest]
#[case(Format::Csv)]
#[case(Format::Xlsx)]
fn what_is_written_is_read_again(#[case] format: Format) {
    let texts = [
        "plain",
        "=1+1",
        "+1",
        "-1",
        "@x",
        "'",
        "'=x",
        "''=x",
        "'plain",
        "\"quoted\", and more",
        "two\nlines",
        "tab\tinside",
        "ü 晶体",
        "007",
        "12345678901234567890",
        "_x000D_",
        "TRUE",
    ];
    for text in texts {
        let mut cells: [String; 8] = Default::default();
        cells.fill(text.to_owned());
        let row = Row::from(cells);
        let bytes = format.write(std::slice::from_ref(&row)).unwrap();
        let sheet = format.read(&bytes).unwrap();
        let read: Vec<_> = sheet.rows().map(|(_, cells)| cells.to_vec()).collect();
        assert_eq!(read.len(), 2, "{text:?}");
        for column in Column::ALL {
            assert_eq!(read[0][column as usize], column.heading());
            // The priority is a number: no apostrophe is written before a minus.
            if column != Column::Priority {
                assert_eq!(read[1][column as usize], row.cell(column), "{text:?}");
            }
        }
    }
}

#[test]
fn no_written_cell_begins_as_a_formula() {
    let row = Row::from(["=x", "@x", "+x", "-x", "\tx", "\rx", "-3", "=x"].map(str::to_owned));
    let text = String::from_utf8(Format::Csv.write(&[row]).unwrap()).unwrap();
    let line = text.split_once('\n').unwrap().1;
    assert_eq!(line, "'=x,'@x,'+x,'-x,'\tx,\"'\rx\",-3,'=x\n");
}

#[test]
fn sheets_are_bounded() {
    let rows = |count: usize| format!("name\n{}", "a\n".repeat(count));
    assert!(Format::Csv.read(rows(MAX_ROWS).as_bytes()).is_ok());
    let many = Format::Csv.read(rows(MAX_ROWS + 1).as_bytes()).unwrap_err();
    assert!(many[0].message.contains("20000 rows"), "{many:?}");
    let wide = format!("{}name\n", ",".repeat(MAX_COLUMNS));
    assert_eq!(
        places(Format::Csv.read(wide.as_bytes()).unwrap_err()),
        ["the sheet"]
    );
    let long = format!("name\n{}\n", "a".repeat(MAX_CELL + 1));
    assert_eq!(places(Format::Csv.read(long.as_bytes()).unwrap_err()), ["A2"]);
}

#[rstest]
#[case("puck,location,name,colour\nP,1,a,red\n", &["D1"])]
#[case("puck,location,name,cassette\nP,1,a,Q\n", &["D1"])]
#[case("puck,name\nP,a\n", &["row 1"])]
#[case("puck,location,name\nP,1,a,extra\n", &["D2"])]
#[case("puck,location,name\n", &["the sheet"])]
#[case("", &["row 1", "row 1", "row 1"])]
#[case("colour,colour\nred,red\n", &["A1", "B1", "row 1", "row 1", "row 1"])]
fn mistakes_in_headings_are_named(#[case] text: &str, #[case] expected: &[&str]) {
    let sheet = Format::Csv.read(text.as_bytes()).unwrap();
    assert_eq!(
        places(Import::new("alice", &sheet).unwrap_err()),
        expected,
        "{text:?}"
    );
}

#[test]
fn random_bytes_are_refused() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(300).collect();
        assert!(Format::Xlsx.read(&bytes).is_err());
        // As CSV they may be cells, which are not known headings.
        let csv = Format::Csv.read(&bytes);
        assert!(csv.and_then(|sheet| Import::new("alice", &sheet)).is_err());
        bytes.splice(0..4, *b"PK\x03\x04");
        assert!(Format::Xlsx.read(&bytes).is_err());
    }
}

#[test]
fn a_damaged_workbook_is_refused_or_read_and_never_panics() {
    let good = Format::Xlsx
        .write(&[Row::from(["a"; 8].map(str::to_owned))])
        .unwrap();
    let mut random = fastrand::Rng::with_seed(8);
    for _ in 0..300 {
        let mut bytes = good.clone();
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
        if let Err(mistakes) = Format::Xlsx.read(&bytes) {
            assert!(!mistakes.is_empty());
        }
    }
    for length in 0..good.len().min(400) {
        assert!(Format::Xlsx.read(&good[..length]).is_err(), "{length}");
    }
}
