use super::*;

#[test]
fn names_are_in_ascii_and_in_utf8() {
    for (name, expected) in [
        ("a b.cbf", "attachment; filename=\"a b.cbf\""),
        (
            "é\"\\.cbf",
            "attachment; filename=\"___.cbf\"; filename*=UTF-8''%C3%A9%22%5C.cbf",
        ),
        (
            "a\r\nx: y",
            "attachment; filename=\"a__x: y\"; filename*=UTF-8''a%0D%0Ax%3A%20y",
        ),
        ("100%", "attachment; filename=\"100_\"; filename*=UTF-8''100%25"),
    ] {
        assert_eq!(disposition(false, name.as_bytes()), expected, "{name:?}");
    }
    assert_eq!(
        disposition(true, b"\xff"),
        "inline; filename=\"_\"; filename*=UTF-8''%EF%BF%BD"
    );
}

#[test]
fn the_content_type_follows_from_the_name() {
    for (name, expected) in [
        ("a.png", "image/png"),
        ("A.PNG", "image/png"),
        ("a.cbf", "application/octet-stream"),
        ("CORRECT.LP", "text/plain; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.json", "application/json"),
        ("a", "application/octet-stream"),
        (".gz", "application/octet-stream"),
    ] {
        assert_eq!(content_type(Path::new(name)), expected, "{name}");
    }
}
