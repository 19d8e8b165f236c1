//! The main job: sign in, make a token, copy it once, use it, look at it, delete it.

use crate::support::client::whoami;
use crate::support::{House, OWNER};

#[actix_web::test]
async fn an_owner_makes_a_token_that_works_until_it_is_deleted() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["account"]["id"], acme.get());
    let answer = owner.delete_token(acme, token).await;
    assert_eq!(answer.status, 303);
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
}
