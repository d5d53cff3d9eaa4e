//! The statements in docs/SQL.md and in the examples answer, and the tables are as described.

use super::database::{apply, connect, prepared};
use super::samples::facility;
use crate::cluster::Postgres;
use crate::sql::{project, TableChange, SCHEMA};
use serde_json::Value;
use std::fmt::Write;
use tokio_postgres::{Client, SimpleQueryMessage};

const PAGE: &str = include_str!("../../../../docs/SQL.md");
const TABLES: &str = include_str!("../../../../docs/SQL-TABLES.md");
const DASHBOARD: &str = include_str!("../../../../examples/grafana-sql-dashboard.json");
const NOTEBOOK: &str = include_str!("../../../../examples/notebook.py");

/// Fills the tables with one of each record, of yesterday: the questions are about the last days.
async fn fill(client: &Client) {
    let query = "SELECT to_char(now() AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM-DD')";
    let yesterday: String = client.query_one(query, &[]).await.unwrap().get(0);
    let moved = |rows: Option<Value>| {
        let text = rows?.to_string().replace("2025-10-09T", &format!("{yesterday}T"));
        Some(serde_json::from_str(&text).unwrap())
    };
    let changes = project(&facility()).into_iter().map(|change| TableChange {
        rows: moved(change.rows),
        ..change
    });
    apply(client, &changes.collect::<Vec<_>>()).await;
}

/// Runs a statement; a question must have an answer.
async fn run(client: &Client, statement: &str) {
    let messages = client
        .simple_query(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}\n{error:?}"));
    let is_question = ["SELECT", "WITH"]
        .iter()
        .any(|word| statement.trim_start().starts_with(word));
    let rows = messages
        .iter()
        .filter(|message| matches!(message, SimpleQueryMessage::Row(_)));
    assert!(!is_question || rows.count() > 0, "no answer to:\n{statement}");
}

/// The text between each pair of `begin` and `end`.
fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begin)
        .skip(1)
        .filter_map(move |rest| Some(rest.split_once(end)?.0))
}

/// The lists under a key, wherever it is.
fn texts_of<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get(key).and_then(Value::as_str));
            entries.values().for_each(|value| texts_of(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|value| texts_of(value, key, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_statements_of_the_page_answer() {
    // They create roles, so they have a cluster of their own, in which there are none.
    let Some(postgres) = Postgres::start() else { return };
    let client = connect(&postgres.url()).await;
    client.batch_execute(SCHEMA).await.unwrap();
    client
        .batch_execute("DROP OWNED BY beamlive_read; DROP ROLE beamlive_read")
        .await
        .unwrap();
    fill(&client).await;
    let statements: Vec<_> = between(PAGE, "```sql\n", "```").collect();
    assert!(statements.len() >= 8, "{}", statements.len());
    for statement in &statements {
        run(&client, statement).await;
    }
    // The roles that the page makes can ask what the page asks.
    client.batch_execute("SET ROLE grafana").await.unwrap();
    for statement in statements
        .iter()
        .filter(|statement| statement.starts_with("SELECT"))
    {
        run(&client, statement).await;
    }
}

#[tokio::test]
async fn the_panels_of_the_dashboard_answer() {
    let Some(client) = prepared().await else { return };
    fill(&client).await;
    client.batch_execute("SET ROLE beamlive_read").await.unwrap();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut statements = Vec::new();
    texts_of(&dashboard, "rawSql", &mut statements);
    texts_of(&dashboard["templating"], "query", &mut statements);
    let statements: Vec<_> = statements.iter().filter(|text| text.contains(' ')).collect();
    assert!(statements.len() >= 7, "{}", statements.len());
    for statement in statements {
        run(&client, &without_macros(statement)).await;
    }
}

/// What Grafana makes of its macros and variables.
fn without_macros(statement: &str) -> String {
    let mut plain = statement
        .replace("$__timeFrom()", "now() - interval '2 days'")
        .replace("$__timeTo()", "now()")
        .replace("${beamline:sqlstring}", "'BL1', 'BL2'");
    while let Some((before, rest)) = plain.split_once("$__timeFilter(") {
        let (column, after) = rest.split_once(')').unwrap();
        plain = format!("{before}{column} BETWEEN now() - interval '2 days' AND now(){after}");
    }
    assert!(!plain.contains('$'), "{plain}");
    plain
}

#[tokio::test]
async fn the_questions_of_the_notebook_are_answered() {
    let Some(client) = prepared().await else { return };
    fill(&client).await;
    client.batch_execute("SET ROLE beamlive_read").await.unwrap();
    let texts = between(NOTEBOOK, "ask(\"\"\"", "\"\"\"");
    let statements: Vec<_> = texts.map(|text| text.replace("%(days)s", "30")).collect();
    assert!(statements.len() >= 3, "{}", statements.len());
    for statement in &statements {
        run(&client, statement).await;
    }
}

/// Each table and view as docs/SQL-TABLES.md describes it, by its comments.
async fn described(client: &Client) -> String {
    let tables = "SELECT c.oid, c.relname::text, obj_description(c.oid, 'pg_class') FROM pg_class c \
                  WHERE c.relnamespace = 'beamlive'::regnamespace AND c.relkind IN ('r', 'v') \
                  ORDER BY c.relkind, c.oid";
    let columns =
        "SELECT attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) \
                   FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 ORDER BY attnum";
    let mut page = String::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let (oid, name): (u32, String) = (table.get(0), table.get(1));
        let about: Option<String> = table.get(2);
        let about = about.unwrap_or_else(|| panic!("{name} has no comment"));
        write!(
            page,
            "## `{name}`\n\n{about}\n\n| column | type | |\n|---|---|---|\n"
        )
        .unwrap();
        for column in client.query(columns, &[&oid]).await.unwrap() {
            let (field, kind): (String, String) = (column.get(0), column.get(1));
            let kind = kind.replace("timestamp with time zone", "timestamptz");
            let about: Option<String> = column.get(2);
            let about = about.unwrap_or_else(|| panic!("{name}.{field} has no comment"));
            writeln!(page, "| `{field}` | {kind} | {about} |").unwrap();
        }
        page.push('\n');
    }
    page
}

#[tokio::test]
async fn every_table_and_column_is_described_in_the_page_as_in_its_comment() {
    let Some(client) = prepared().await else { return };
    let described = described(&client).await;
    assert!(
        TABLES.contains(described.trim_end()),
        "docs/SQL-TABLES.md lacks, word by word:\n{described}"
    );
}
