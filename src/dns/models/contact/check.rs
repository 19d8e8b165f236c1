//! What a contact must say, as at DNSimple.

use super::Details;
use crate::models::text;

/// No line of an address is longer.
const LONGEST: usize = 255;

impl Details {
    /// Without white space around, the country in capitals.
    pub fn tidied(mut self) -> Details {
        for (_, value, _) in self.lines() {
            let trimmed = value.trim();
            if trimmed.len() < value.len() {
                *value = trimmed.to_owned();
            }
        }
        self.country.make_ascii_uppercase();
        self
    }

    /// What is wrong, by field.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        for (field, value, is_required) in self.clone().lines() {
            if is_required && value.is_empty() {
                faults.push((field, "can't be blank".to_owned()));
            } else if let Some(fault) = text::fault_of_line(value, LONGEST) {
                faults.push((field, fault));
            }
        }
        let mut wrong = |field: &'static str, what: &str| {
            if faults.iter().all(|(known, _)| *known != field) {
                faults.push((field, what.to_owned()));
            }
        };
        if !text::is_email(&self.email) {
            wrong("email", "is not an e-mail address");
        }
        if !is_number(&self.phone) {
            wrong("phone", "is not a telephone number");
        }
        if !(self.fax.is_empty() || is_number(&self.fax)) {
            wrong("fax", "is not a telephone number");
        }
        if !(self.country.len() == 2 && self.country.bytes().all(|byte| byte.is_ascii_uppercase())) {
            wrong("country", "is not the code of a country (two letters, as in ISO 3166)");
        }
        if !self.organization_name.is_empty() && self.job_title.is_empty() {
            wrong("job_title", "can't be blank with an organization_name");
        }
        faults
    }

    /// The names of the fields, and whether each is required.
    pub fn fields() -> [(&'static str, bool); 14] {
        Details::default().lines().map(|(name, _, is_required)| (name, is_required))
    }

    /// Each field with its name, and whether it is required.
    fn lines(&mut self) -> [(&'static str, &mut String, bool); 14] {
        [
            ("label", &mut self.label, false),
            ("first_name", &mut self.first_name, true),
            ("last_name", &mut self.last_name, true),
            ("job_title", &mut self.job_title, false),
            ("organization_name", &mut self.organization_name, false),
            ("email", &mut self.email, true),
            ("phone", &mut self.phone, true),
            ("fax", &mut self.fax, false),
            ("address1", &mut self.address1, true),
            ("address2", &mut self.address2, false),
            ("city", &mut self.city, true),
            ("state_province", &mut self.state_province, true),
            ("postal_code", &mut self.postal_code, true),
            ("country", &mut self.country, true),
        ]
    }
}

/// Digits, as many as E.164 has at most, and what people put between them.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let others = |sign: char| sign.is_ascii_digit() || " -./()x".contains(sign);
    (3..=20).contains(&digits) && text.len() <= 40 && rest.chars().all(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn olive() -> Details {
        let text = str::to_owned;
        Details {
            first_name: text(" Olive "),
            last_name: text("Owner"),
            email: text("olive@example.com"),
            phone: text("+49 30 1234-5678"),
            address1: text("Market Street 1"),
            city: text("Berlin"),
            state_province: text("BE"),
            postal_code: text("10115"),
            country: text("de"),
            ..Details::default()
        }
    }

    #[test]
    fn a_contact_is_trimmed_and_has_its_country_in_capitals() {
        let details = olive().tidied();
        assert_eq!((details.first_name.as_str(), details.country.as_str()), ("Olive", "DE"));
        assert_eq!(details.faults(), []);
    }

    #[test]
    fn what_is_required_and_missing_is_named_field_by_field() {
        let faults = Details::default().faults();
        let named: Vec<&str> = faults.iter().map(|(field, _)| *field).collect();
        let required = [
            "first_name",
            "last_name",
            "email",
            "phone",
            "address1",
            "city",
            "state_province",
            "postal_code",
            "country",
        ];
        assert_eq!(named, required);
        assert!(faults.iter().all(|(_, fault)| fault == "can't be blank"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wrong = |change: fn(&mut Details)| {
            let mut details = olive().tidied();
            change(&mut details);
            details.faults().into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(|one| one.country = "DEU".to_owned()), ["country"]);
        assert_eq!(wrong(|one| one.country = "ÄÖ".to_owned()), ["country"]);
        assert_eq!(wrong(|one| one.email = "olive".to_owned()), ["email"]);
        assert_eq!(wrong(|one| one.phone = "call me".to_owned()), ["phone"]);
        assert_eq!(wrong(|one| one.fax = "+".to_owned()), ["fax"]);
        assert_eq!(wrong(|one| one.city = "B\0".to_owned()), ["city"]);
        assert_eq!(wrong(|one| one.address2 = "x".repeat(256)), ["address2"]);
        assert_eq!(wrong(|one| one.organization_name = "Acme".to_owned()), ["job_title"]);
    }
}
