//! The words in which routes are described.

use super::bodies::ErrorBody;
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Content, HttpMethod, Ref, RefOr, Required, Response, ResponseBuilder, SecurityRequirement,
};
use utoipa::ToSchema;

/// Name of the admin API's security scheme.
pub(super) const ADMIN_TOKEN: &str = "admin token";

/// One route, described.
pub(super) struct Route {
    pub(super) method: HttpMethod,
    pub(super) path: &'static str,
    pub(super) operation: OperationBuilder,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

/// The content of a body, and the shapes it is made of.
pub(super) struct Body {
    media_type: &'static str,
    content: Content,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// A JSON body.
pub(super) fn json<T: ToSchema>() -> Body {
    shaped::<T>("application/json", false)
}

/// A JSON list.
pub(super) fn json_list<T: ToSchema>() -> Body {
    shaped::<T>("application/json", true)
}

/// A MessagePack body.
pub(super) fn msgpack<T: ToSchema>() -> Body {
    shaped::<T>("application/msgpack", false)
}

/// A MessagePack list.
pub(super) fn msgpack_list<T: ToSchema>() -> Body {
    shaped::<T>("application/msgpack", true)
}

/// A form.
pub(super) fn form<T: ToSchema>() -> Body {
    shaped::<T>("application/x-www-form-urlencoded", false)
}

/// A body of text.
pub(super) fn text(media_type: &'static str) -> Body {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    Body {
        media_type,
        content: Content::new(Some(schema)),
        schemas: Vec::new(),
    }
}

fn shaped<T: ToSchema>(media_type: &'static str, list: bool) -> Body {
    let name = T::name().into_owned();
    let item = Ref::from_schema_name(&name);
    let schema: RefOr<Schema> = if list {
        ArrayBuilder::new().items(item).into()
    } else {
        item.into()
    };
    let mut schemas = vec![(name, T::schema())];
    T::schemas(&mut schemas);
    Body {
        media_type,
        content: Content::new(Some(schema)),
        schemas,
    }
}

impl Body {
    /// An example of it.
    pub(super) fn example(mut self, example: Value) -> Self {
        self.content.example = Some(example);
        self
    }

    /// Examples of it, by name. `payloads` are files of `tests/fixtures/payloads`.
    pub(super) fn payloads(mut self, payloads: &[(&str, &str)]) -> Self {
        let examples = payloads.iter().filter_map(|(name, file)| {
            let mut file: Value = serde_json::from_str(file).ok()?;
            let example =
                utoipa::openapi::example::ExampleBuilder::new().value(Some(file.get_mut("example")?.take()));
            Some(((*name).to_owned(), example.build()))
        });
        self.content = ContentBuilder::from(self.content)
            .examples_from_iter(examples)
            .build();
        self
    }
}

/// A route that is read.
pub(super) fn get(path: &'static str, tag: &'static str, summary: &str) -> Route {
    route(HttpMethod::Get, path, tag, summary)
}

/// A route that is posted to.
pub(super) fn post(path: &'static str, tag: &'static str, summary: &str) -> Route {
    route(HttpMethod::Post, path, tag, summary)
}

/// Any route.
pub(super) fn route(method: HttpMethod, path: &'static str, tag: &'static str, summary: &str) -> Route {
    let operation = OperationBuilder::new()
        .tag(tag)
        .summary(Some(summary))
        .operation_id(Some(operation_id(&method, path)));
    Route {
        method,
        path,
        operation,
        schemas: Vec::new(),
    }
}

/// A method as it is sent.
pub(super) fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

/// `post_api_v2_data_beamline`: unique, for every path is.
fn operation_id(method: &HttpMethod, path: &str) -> String {
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "token");
    words.fold(name(method).to_ascii_lowercase(), |id, word| {
        format!("{id}_{word}")
    })
}

impl Route {
    /// What a person should know of it.
    pub(super) fn about(mut self, about: &str) -> Self {
        self.operation = self.operation.description(Some(about));
        self
    }

    /// A parameter in the path.
    pub(super) fn path(self, name: &str, about: &str) -> Self {
        self.parameter(name, ParameterIn::Path, Type::String, about)
    }

    /// A parameter after the `?`.
    pub(super) fn query(self, name: &str, kind: Type, about: &str) -> Self {
        self.parameter(name, ParameterIn::Query, kind, about)
    }

    /// A header of the request.
    pub(super) fn header(self, name: &str, about: &str) -> Self {
        self.parameter(name, ParameterIn::Header, Type::String, about)
    }

    fn parameter(mut self, name: &str, place: ParameterIn, kind: Type, about: &str) -> Self {
        let required = match place {
            ParameterIn::Path => Required::True,
            _ => Required::False,
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .schema(Some(ObjectBuilder::new().schema_type(kind)))
            .description(Some(about));
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// What is sent: one of `bodies`, by content type.
    pub(super) fn body<const N: usize>(mut self, about: &str, bodies: [Body; N]) -> Self {
        let mut request = RequestBodyBuilder::new()
            .description(Some(about))
            .required(Some(Required::True));
        for body in bodies {
            self.schemas.extend(body.schemas);
            request = request.content(body.media_type, body.content);
        }
        self.operation = self.operation.request_body(Some(request.build()));
        self
    }

    /// What is answered when all is well.
    pub(super) fn ok(mut self, about: &str, body: Body) -> Self {
        self.schemas.extend(body.schemas);
        let response = ResponseBuilder::new()
            .description(about)
            .content(body.media_type, body.content);
        self.operation = self.operation.response("200", response.build());
        self
    }

    /// A status without a body.
    pub(super) fn empty(mut self, status: &str, about: &str) -> Self {
        self.operation = self.operation.response(status, Response::new(about));
        self
    }

    /// A status with an error in its body.
    pub(super) fn fails(self, status: &str, about: &str) -> Self {
        self.fails_with(status, ResponseBuilder::new().description(about))
    }

    fn fails_with(mut self, status: &str, response: ResponseBuilder) -> Self {
        let body = json::<ErrorBody>();
        self.schemas.extend(body.schemas);
        let response = response.content(body.media_type, body.content);
        self.operation = self.operation.response(status, response.build());
        self
    }

    /// It takes a body of bounded length, which may be compressed.
    pub(super) fn bounded(self) -> Self {
        self.fails("408", "The body did not arrive in time.")
            .fails("415", "`Content-Encoding` is neither `gzip` nor `deflate`.")
            .fails("413", "The body is too long.")
    }

    /// It needs the store or an actor.
    pub(super) fn may_be_busy(self) -> Self {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let retry = HeaderBuilder::new()
            .schema(seconds)
            .description(Some("After how many seconds to try again."));
        let response = ResponseBuilder::new()
            .description("Busy, or writes are off: nothing was done, try again.")
            .header("Retry-After", retry.build());
        self.fails_with("503", response)
    }

    /// It is signed.
    pub(super) fn signed(mut self, bad_request: &str) -> Self {
        let token = ParameterBuilder::new()
            .name("token")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("`username:time:signature`, see above."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(
                Some(r"^[A-Za-z0-9_-]+:[0-9A-Za-z]+:(b')?[A-Za-z0-9_=-]+'?$"),
            )))
            .example(Some(Value::from("alice:1vb66i:bm90IGEgc2lnbmF0dXJl")));
        self.operation = self.operation.parameter(token);
        let allow = HeaderBuilder::new()
            .schema(ObjectBuilder::new().schema_type(Type::String))
            .description(Some(
                "Empty when the token was refused; otherwise the methods that the route takes.",
            ));
        let refused = ResponseBuilder::new()
            .description(
                "The token does not verify, for whatever reason: the log, not the client, learns which.",
            )
            .header("Allow", allow.build());
        self.fails("400", bad_request)
            .fails_with("405", refused)
            .may_be_busy()
    }

    /// It needs the admin token.
    pub(super) fn admin(mut self) -> Self {
        let requirement = SecurityRequirement::new(ADMIN_TOKEN, Vec::<String>::new());
        self.operation = self.operation.security(requirement);
        self.fails("401", "The admin token is missing or wrong.")
            .may_be_busy()
    }
}
