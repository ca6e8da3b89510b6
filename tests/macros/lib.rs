//! Attributes of the tests that run on a database of their own.

use proc_macro::{TokenStream, TokenTree};

/// Makes two tests of an `async fn NAME(t: T)`: `NAME::sqlite` and `NAME::postgres`. `T` is a
/// `support::Fixture`: a `TestApp` for the verbs, or a `TestDb` for an empty database.
#[proc_macro_attribute]
pub fn on_both(_: TokenStream, function: TokenStream) -> TokenStream {
    with_tests(function, &[("sqlite", "Sqlite"), ("postgres", "Postgres")])
}

/// Like [`macro@on_both`], for tests whose result cannot depend on the database: `NAME::sqlite`.
#[proc_macro_attribute]
pub fn on_sqlite(_: TokenStream, function: TokenStream) -> TokenStream {
    with_tests(function, &[("sqlite", "Sqlite")])
}

/// Like [`macro@on_both`], for what only PostgreSQL has: `NAME::postgres`.
#[proc_macro_attribute]
pub fn on_postgres(_: TokenStream, function: TokenStream) -> TokenStream {
    with_tests(function, &[("postgres", "Postgres")])
}

fn with_tests(mut function: TokenStream, backends: &[(&str, &str)]) -> TokenStream {
    let Some(name) = name(&function) else {
        return error("put this attribute on a function");
    };
    let test = |(test, backend): &(&str, &str)| {
        format!(
            "#[tokio::test(flavor = \"multi_thread\", worker_threads = 2)]
             async fn {test}() {{
                 crate::support::run(crate::support::Backend::{backend}, super::{name}).await;
             }}"
        )
    };
    let tests: String = backends.iter().map(test).collect();
    match format!("mod {name} {{ {tests} }}").parse::<TokenStream>() {
        Ok(tests) => function.extend(tests),
        Err(_) => return error("the tests of this function do not parse"),
    }
    function
}

/// Name behind `fn`.
fn name(function: &TokenStream) -> Option<String> {
    let mut tokens = function.clone().into_iter();
    tokens.find(|token| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn"))?;
    Some(tokens.next()?.to_string())
}

fn error(text: &str) -> TokenStream {
    format!("compile_error!({text:?});")
        .parse()
        .unwrap_or_default()
}
