//! `POST files/multi`: more names than fit in a URL.

use super::archive::unpack;
use crate::support::users::Users;
use crate::support::{Reply, Site};
use reqwest::Method;

async fn post(site: &Site, key: &str, form: impl Into<reqwest::Body>) -> Reply {
    let path = format!("/download/files/multi/{key}/some.tar.gz");
    Reply::of(site.request(Method::POST, &path).body(form)).await
}

#[actix_web::test]
async fn a_form_may_have_two_thousand_names() {
    let users = Users::new();
    let names: Vec<String> = (1..=2000)
        .map(|n| format!("a_rather_long_name_of_a_dataset_{n:05}.cbf"))
        .collect();
    for name in &names {
        users.write(name, name);
    }
    let site = users.site().await;
    let key = users.key(&site).await;
    let fields: Vec<_> = names.iter().map(|name| ("frame", name.as_str())).collect();
    let form = serde_urlencoded::to_string(&fields).unwrap();
    assert!(form.len() > 65_535);
    let reply = post(&site, &key, form.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/gzip"));
    let files: Vec<_> = unpack(&reply.body, true)
        .into_iter()
        .filter_map(|(_, text)| text)
        .collect();
    assert_eq!(files, names);
    let get = format!("/download/files/multi/{key}/some.tar.gz?frame=image_0002&frame=a+b+%C3%A9.txt");
    let same = post(&site, &key, "frame=image_0002&x=y&frame=a+b+%C3%A9.txt\r\n").await;
    assert!(same.body == site.get(&get).await.body, "{}", same.text());
}

#[actix_web::test]
async fn forms_are_bounded_and_checked() {
    let users = Users::new();
    let site = users.site().await;
    let key = users.key(&site).await;
    for (form, status, fields) in [
        (Vec::new(), 400, vec!["frame"]),
        (b"x=y".to_vec(), 400, vec!["frame"]),
        (b"frame=a&".repeat(4097), 400, vec!["frame"]),
        (b"frame=\xff".to_vec(), 400, vec!["body"]),
        (b"frame=missing".to_vec(), 404, vec![]),
        (b"frame=..%2Fsecret.txt".to_vec(), 404, vec![]),
        (vec![b'a'; (1 << 20) + 1], 413, vec![]),
    ] {
        let shown = String::from_utf8_lossy(&form)
            .chars()
            .take(30)
            .collect::<String>();
        let reply = post(&site, &key, form).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (status, fields.iter().map(|f| (*f).to_owned()).collect()),
            "{shown}"
        );
    }
    assert_eq!(post(&site, &"0".repeat(40), "frame=image_0002").await.status, 404);
}
