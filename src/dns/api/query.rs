//! What an address asks for beside its path: a page, an order, filters.

use crate::api::errors::invalid;
use crate::api::json::{PageOf, Pagination};
use crate::http::AppError;
use crate::models::Window;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::json;
use std::future::{Ready, ready};

pub use crate::dns::models::Direction;

const USUAL_PER_PAGE: i64 = 30;
const MOST_PER_PAGE: i64 = 100;

/// The query of an address. It is read by the handler, so that a fault in it is told after who
/// calls is known.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    page: i64,
    per_page: i64,
}

impl FromRequest for Query {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
        ready(Ok(Query(pairs.collect())))
    }
}

impl Query {
    /// The text of a filter; the last one counts. `None` where there is none: an empty text is one,
    /// such as the name of the records at the apex.
    pub fn text(&self, name: &str) -> Result<Option<&str>, AppError> {
        let value = self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match value {
            Some(value) if value.contains('\0') => {
                Err(AppError::BadRequest("The query holds a character that no text has"))
            }
            other => Ok(other),
        }
    }

    /// A number. An empty text is none, and never "no filter".
    pub fn number(&self, name: &str) -> Result<Option<i64>, AppError> {
        let parsed = self.text(name)?.map(str::parse);
        parsed.transpose().map_err(|_| invalid(json!({ name: ["is not a number"] })))
    }

    /// The page: 30 on each, 100 at most.
    pub fn paging(&self) -> Result<Paging, AppError> {
        let page = self.number("page")?.unwrap_or(1);
        let per_page = self.number("per_page")?.unwrap_or(USUAL_PER_PAGE);
        // The offset must stay a number that the database takes.
        if page < 1 || per_page < 1 || page.checked_mul(MOST_PER_PAGE).is_none() {
            return Err(AppError::BadRequest("page and per_page are numbers from 1"));
        }
        Ok(Paging { page, per_page: per_page.min(MOST_PER_PAGE) })
    }

    /// The order, as `name:asc,id:desc`, over these fields.
    pub fn sort<'a>(
        &self,
        fields: &[&'a str],
        otherwise: (&'a str, Direction),
    ) -> Result<Vec<(&'a str, Direction)>, AppError> {
        // An order leaves nothing out, so an empty one does no harm.
        let Some(text) = self.text("sort")?.filter(|text| !text.is_empty()) else {
            return Ok(vec![otherwise]);
        };
        let mut order = Vec::new();
        for part in text.split(',') {
            let (field, direction) = part.split_once(':').unwrap_or((part, "asc"));
            let field = fields.iter().find(|known| **known == field.trim());
            let direction = match direction.trim() {
                "asc" => Direction::Ascending,
                "desc" => Direction::Descending,
                _ => return Err(AppError::BadRequest("sort is written like name:asc or name:desc")),
            };
            let field = *field.ok_or(AppError::BadRequest("This list cannot be sorted by that"))?;
            if order.iter().all(|(known, _)| *known != field) {
                order.push((field, direction));
            }
        }
        Ok(order)
    }
}

impl Paging {
    /// The part of the list that stands on the page.
    pub fn window(self) -> Window {
        Window { offset: (self.page - 1) * self.per_page, limit: self.per_page }
    }

    /// The page, once it is known what stands on it and how many there are in all.
    pub fn of<T>(self, data: Vec<T>, total: i64) -> PageOf<T> {
        let total_pages = (total + self.per_page - 1) / self.per_page;
        let Paging { page: current_page, per_page } = self;
        PageOf { data, pagination: Pagination { current_page, per_page, total_entries: total, total_pages } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    #[test]
    fn thirty_stand_on_a_page_and_never_more_than_a_hundred() {
        let window = |text| query(text).paging().map(Paging::window).map_err(|error| error.to_string());
        assert_eq!(window(""), Ok(Window { offset: 0, limit: 30 }));
        assert_eq!(window("page=3&per_page=50"), Ok(Window { offset: 100, limit: 50 }));
        assert_eq!(window("per_page=1000"), Ok(Window { offset: 0, limit: 100 }));
        for bad in
            ["page=0", "page=-1", "page=x", "page=", "page=9223372036854775807", "page=1e99", "per_page=0"]
        {
            assert!(window(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_text_is_not_the_same_as_none() {
        let empty = query("name=www&name=&registrant_id=");
        assert_eq!((empty.text("name").unwrap(), empty.text("type").unwrap()), (Some(""), None));
        assert!(empty.number("registrant_id").is_err());
        assert_eq!(empty.number("page").unwrap(), None);
    }

    #[test]
    fn the_pages_are_counted_up_to_the_last_one_that_holds_something() {
        let paging = query("per_page=30").paging().unwrap();
        let pages = |total| paging.of(Vec::<i64>::new(), total).pagination.total_pages;
        assert_eq!((pages(0), pages(1), pages(30), pages(31), pages(95)), (0, 1, 1, 2, 4));
    }

    #[test]
    fn an_order_names_fields_of_the_list_and_a_direction() {
        let usual = ("name", Direction::Ascending);
        let sort = |text| query(text).sort(&["id", "name"], usual).map_err(|error| error.to_string());
        assert_eq!(sort(""), Ok(vec![usual]));
        assert_eq!(sort("sort=id"), Ok(vec![("id", Direction::Ascending)]));
        assert_eq!(
            sort("sort=name:desc,id:asc,name:asc"),
            Ok(vec![("name", Direction::Descending), ("id", Direction::Ascending)])
        );
        for bad in ["sort=secret", "sort=name:up", "sort=,", "sort=name%00"] {
            assert!(sort(bad).is_err(), "{bad}");
        }
    }
}
