//! What a row of the API's table says: method, address, what answers there, what it needs, and
//! how it is told to others.

use super::caller::Needs;
use crate::http::{TableRow, get};
use crate::policy::Access;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// A row of the table.
pub struct ApiRoute {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: &'static str,
    /// The address, with its parts in braces.
    pub path: &'static str,
    /// Permission and access, from the type of the handler's first argument; none where any
    /// working token will do.
    pub needs: Option<(&'static str, Access)>,
    /// The status of an answer to a call that is let in.
    pub status: u16,
    /// What it is for, in a sentence.
    pub said: &'static str,
    /// What is answered.
    pub answer: Answer,
    /// What is sent.
    pub takes: Option<Shape>,
    /// What the query may hold, with what each means.
    pub asks: &'static [(&'static str, &'static str)],
    /// Another status with the same answer, and when it is given.
    pub also: Option<(u16, &'static str)>,
    /// Statuses of refusals that are this route's own, with why.
    pub refuses: &'static [(&'static str, &'static str)],
    /// Places of the path whose meaning isn't plain, with what each is.
    pub places: &'static [(&'static str, &'static str)],
    route: Route,
}

/// What a successful answer holds under `data`.
pub enum Answer {
    /// Nothing: there is no body.
    Empty,
    /// One.
    One(Shape),
    /// A list.
    Many(Shape),
    /// A page of a list, with `pagination`.
    Page(Shape),
}

/// A type of an answer or of a body, for the description of the API.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Its name.
    pub name: fn() -> Cow<'static, str>,
    /// How it looks.
    pub schema: fn() -> RefOr<Schema>,
    /// The types that it is made of.
    pub parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    /// The shape of a type.
    pub fn of<T: ToSchema>() -> Shape {
        Shape { name: T::name, schema: T::schema, parts: T::schemas }
    }
}

/// A row: what the handler's first argument demands is what the route needs.
pub fn at<F, Args>(method: &'static str, path: &'static str, handler: F) -> ApiRoute
where
    F: Handler<Args>,
    Args: FromRequest + FirstNeeds + 'static,
    F::Output: Responder + 'static,
{
    let route = match method {
        "GET" => get(),
        other => web::method(Method::from_bytes(other.as_bytes()).unwrap_or_default()),
    };
    ApiRoute {
        method,
        path,
        needs: Args::NEEDS,
        status: 204,
        said: "",
        answer: Answer::Empty,
        takes: None,
        asks: &[],
        also: None,
        refuses: &[],
        places: &[],
        route: route.to(handler),
    }
}

impl ApiRoute {
    /// Answers without a body.
    pub fn empty(self, said: &'static str) -> ApiRoute {
        ApiRoute { said, ..self }
    }

    /// Answers with one.
    pub fn one<T: ToSchema>(self, status: u16, said: &'static str) -> ApiRoute {
        ApiRoute { status, said, answer: Answer::One(Shape::of::<T>()), ..self }
    }

    /// Answers with a list without pages.
    pub fn many<T: ToSchema>(self, said: &'static str) -> ApiRoute {
        ApiRoute { status: 200, said, answer: Answer::Many(Shape::of::<T>()), ..self }
    }

    /// Answers with a page of a list.
    pub fn page<T: ToSchema>(self, said: &'static str) -> ApiRoute {
        ApiRoute { status: 200, said, answer: Answer::Page(Shape::of::<T>()), ..self }
    }

    /// Takes a body.
    pub fn takes<T: ToSchema>(self) -> ApiRoute {
        ApiRoute { takes: Some(Shape::of::<T>()), ..self }
    }

    /// Takes these in its query.
    pub fn asks(self, asks: &'static [(&'static str, &'static str)]) -> ApiRoute {
        ApiRoute { asks, ..self }
    }

    /// Has another status for the same answer.
    pub fn also(self, status: u16, when: &'static str) -> ApiRoute {
        ApiRoute { also: Some((status, when)), ..self }
    }

    /// Refuses with these statuses, too.
    pub fn refuses(self, refuses: &'static [(&'static str, &'static str)]) -> ApiRoute {
        ApiRoute { refuses, ..self }
    }

    /// Has these places in its path.
    pub fn at_places(self, places: &'static [(&'static str, &'static str)]) -> ApiRoute {
        ApiRoute { places, ..self }
    }

    /// The row as actix takes it.
    pub fn into_row(self) -> TableRow {
        (self.method, self.path, self.route)
    }
}

/// Arguments of a handler, of which the first says what the route needs.
pub trait FirstNeeds {
    /// Permission and access; none where any working token will do.
    const NEEDS: Option<(&'static str, Access)>;
}

macro_rules! first_needs {
    ($($rest:ident)*) => {
        impl<A: Needs, $($rest),*> FirstNeeds for (A, $($rest,)*) {
            const NEEDS: Option<(&'static str, Access)> = A::NEEDS;
        }
    };
}

first_needs!();
first_needs!(B);
first_needs!(B C);
first_needs!(B C D);
first_needs!(B C D E);
