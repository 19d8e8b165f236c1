//! The example: DNS, with an API in the form of DNSimple's v2. Nothing else of the product names it.

pub mod api;
pub mod demo;
pub mod models;
pub mod web;
