//! A small OpenID provider on this machine: discovery, keys, a code flow that insists on PKCE, and real signatures. What it says about the
//! person who signs in next, and how it goes wrong, is for each test to say.

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rsa::RsaPrivateKey;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;
use url::Url;

/// What the service is known as there.
pub const CLIENT: &str = "oncoauth";
/// What proves it. It has characters that Basic authentication has to encode.
pub const SECRET: &str = "a secret+of/the client:";
/// The audience of tokens for the API.
pub const AUDIENCE: &str = "https://pa.example/v1";

/// The provider. It ends with its runtime.
#[derive(Clone)]
pub struct OpenId {
    /// As its tokens name it.
    pub issuer: String,
    router: Router,
    state: Shared,
}

type Shared = Arc<Mutex<Inside>>;

struct Inside {
    issuer: String,
    now: DateTime<Utc>,
    /// Claims of whoever signs in next, beside those that every token has.
    person: Value,
    /// Changes the claims of an ID token before it is signed.
    claims: Option<fn(&mut Map<String, Value>)>,
    /// Signs an ID token instead of the provider.
    sign: Option<fn(&OpenId, &Value) -> String>,
    codes: HashMap<String, Sent>,
    keys: Vec<Key>,
    asked_for_keys: usize,
    /// Who asks for the discovery document waits while this is true.
    held: watch::Sender<bool>,
    /// Those who wait for it.
    waiting: usize,
    /// The token endpoint and the discovery document send one elsewhere.
    redirects_to: Option<String>,
    elsewhere: usize,
}

/// What a browser was sent with.
struct Sent {
    nonce: String,
    challenge: String,
    redirect: String,
}

/// A signing key.
#[derive(Clone)]
pub enum Key {
    /// RSA, with its name.
    Rsa(&'static str, Box<RsaPrivateKey>),
    /// On the curve P-256, with its name.
    P256(&'static str, Arc<EcdsaKeyPair>),
}

impl Key {
    /// An RSA key; making one takes a while, so there are two in a process.
    pub fn rsa(name: &'static str, second: bool) -> Self {
        static KEYS: [OnceLock<RsaPrivateKey>; 2] = [OnceLock::new(), OnceLock::new()];
        let make = || RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
        Self::Rsa(name, Box::new(KEYS[usize::from(second)].get_or_init(make).clone()))
    }

    /// A new key on P-256.
    pub fn p256(name: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key");
        Self::P256(name, Arc::new(pair))
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Rsa(name, _) | Self::P256(name, _) => name,
        }
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(..) => "RS256",
            Self::P256(..) => "ES256",
        }
    }

    /// Signs as its own algorithm.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(_, key) => key.sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).expect("signed"),
            Self::P256(_, key) => key.sign(&SystemRandom::new(), message).expect("signed").as_ref().to_vec(),
        }
    }

    /// What anybody may know of it.
    pub fn public(&self) -> Value {
        match self {
            Self::Rsa(name, key) => {
                json!({"kty": "RSA", "use": "sig", "kid": name, "n": text(&key.n().to_bytes_be()), "e": text(&key.e().to_bytes_be())})
            }
            Self::P256(name, key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": name, "x": text(&point[1..33]), "y": text(&point[33..])})
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of these parts, with such a signature.
pub fn token(head: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", text(head.to_string().as_bytes()), text(claims.to_string().as_bytes()));
    format!("{message}.{}", text(&sign(message.as_bytes())))
}

/// A token that this key signed as its own algorithm.
pub fn signed(key: &Key, claims: &Value) -> String {
    token(&json!({"alg": key.algorithm(), "typ": "JWT", "kid": key.name()}), claims, |message| key.sign(message))
}

/// A token of which it is said that this key signed it, with what is public of it as the secret of an HMAC.
pub fn confused(key: &Key, claims: &Value) -> String {
    let public = key.public();
    let secret = URL_SAFE_NO_PAD.decode(public["n"].as_str().or(public["x"].as_str()).expect("a public key")).expect("base64");
    token(&json!({"alg": "HS256", "typ": "JWT", "kid": key.name()}), claims, |message| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message).as_ref().to_vec()
    })
}

/// A token that nobody signed.
pub fn unsigned(claims: &Value) -> String {
    token(&json!({"alg": "none", "typ": "JWT"}), claims, |_| Vec::new())
}

impl OpenId {
    /// Starts one with an RSA key, whose clock shows this instant.
    pub async fn start(now: DateTime<Utc>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(Inside {
            issuer: issuer.clone(),
            now,
            person: json!({}),
            claims: None,
            sign: None,
            codes: HashMap::new(),
            keys: vec![Key::rsa("first", false)],
            asked_for_keys: 0,
            held: watch::Sender::new(false),
            waiting: 0,
            redirects_to: None,
            elsewhere: 0,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(exchange))
            .route("/elsewhere", get(elsewhere).post(elsewhere))
            .with_state(Arc::clone(&state));
        let served = router.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });
        Self { issuer, router, state }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().expect("no test panicked in here")
    }

    /// An entry of the file of sign-in providers, with these lines at its end.
    pub fn entry(&self, name: &str, rest: &str) -> String {
        let issuer = &self.issuer;
        format!(
            "[[provider]]\nname = \"{name}\"\ntitle = \"{name} account\"\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret_file = \"secret\"\napi_audience = \"{AUDIENCE}\"\nown_network = true\nalgorithms = [\"RS256\", \"ES256\"]\n{rest}\n"
        )
    }

    /// Who signs in next.
    pub fn person(&self, claims: Value) {
        self.inside().person = claims;
    }

    /// Changes what the next ID tokens say.
    pub fn spoil(&self, claims: Option<fn(&mut Map<String, Value>)>) {
        self.inside().claims = claims;
    }

    /// Has the next ID tokens signed by somebody else.
    pub fn sign_with(&self, sign: Option<fn(&Self, &Value) -> String>) {
        self.inside().sign = sign;
    }

    /// Signs with this key from now on and publishes no other.
    pub fn rotate(&self, key: Key) {
        self.inside().keys = vec![key];
    }

    /// Moves its clock.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.inside().now = now;
    }

    /// The key that it signs with.
    pub fn key(&self) -> Key {
        self.inside().keys[0].clone()
    }

    /// How often its keys were asked for.
    pub fn asked_for_keys(&self) -> usize {
        self.inside().asked_for_keys
    }

    /// Answers no question for the discovery document, or answers them all.
    pub fn hold(&self, held: bool) {
        self.inside().held.send_replace(held);
    }

    /// Waits until somebody waits for the discovery document.
    pub async fn is_asked(&self) {
        while self.inside().waiting == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Answers discovery and codes with a redirect, or no longer.
    pub fn redirect_to(&self, address: Option<String>) {
        self.inside().redirects_to = address;
    }

    /// How often somebody followed.
    pub fn followed(&self) -> usize {
        self.inside().elsewhere
    }

    /// Claims of a token for the API, which holds for five minutes.
    pub fn api_claims(&self, more: &Value) -> Value {
        let inside = self.inside();
        let now = inside.now.timestamp();
        let mut claims = json!({"iss": inside.issuer, "aud": AUDIENCE, "iat": now, "exp": now + 300});
        merge(&mut claims, more);
        claims
    }

    /// Lets the person sign in who is sent to this address; where their browser is sent back to.
    pub async fn sign_in(&self, address: &str) -> String {
        let url = Url::parse(address).expect("an address");
        assert!(address.starts_with(&self.issuer), "{address}");
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("the router never fails");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{address}");
        answer.headers()[header::LOCATION].to_str().expect("text").to_owned()
    }
}

fn merge(claims: &mut Value, more: &Value) {
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
}

async fn discovery(State(state): State<Shared>) -> Response {
    let mut held = {
        let mut inside = state.lock().expect("no test panicked in here");
        inside.waiting += 1;
        inside.held.subscribe()
    };
    held.wait_for(|held| !held).await.expect("the provider is there");
    let mut inside = state.lock().expect("no test panicked in here");
    inside.waiting -= 1;
    let inside = &*inside;
    if let Some(address) = &inside.redirects_to {
        return Redirect::to(address).into_response();
    }
    let issuer = &inside.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
    .into_response()
}

async fn keys(State(state): State<Shared>) -> Json<Value> {
    let mut inside = state.lock().expect("no test panicked in here");
    inside.asked_for_keys += 1;
    Json(json!({"keys": inside.keys.iter().map(Key::public).collect::<Vec<_>>()}))
}

async fn authorize(State(state): State<Shared>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let mut inside = state.lock().expect("no test panicked in here");
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let right = of("client_id") == CLIENT
        && of("response_type") == "code"
        && of("code_challenge_method") == "S256"
        && of("scope").split(' ').any(|scope| scope == "openid")
        && !of("state").is_empty()
        && !of("nonce").is_empty();
    if !right {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let code = format!("code-{}", inside.codes.len());
    let sent = Sent { nonce: of("nonce"), challenge: of("code_challenge"), redirect: of("redirect_uri") };
    let back =
        Url::parse_with_params(&sent.redirect, [("code", code.as_str()), ("state", &of("state")), ("iss", &inside.issuer)]);
    inside.codes.insert(code, sent);
    Redirect::to(back.expect("an address").as_str()).into_response()
}

async fn exchange(State(state): State<Shared>, headers: HeaderMap, Form(asked): Form<HashMap<String, String>>) -> Response {
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (sent, claims, sign) = {
        let mut inside = state.lock().expect("no test panicked in here");
        if let Some(address) = &inside.redirects_to {
            return Redirect::to(address).into_response();
        }
        if !is_the_client(&headers) {
            return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
        }
        // a code counts once
        let Some(sent) = inside.codes.remove(&of("code")) else { return refused() };
        let now = inside.now.timestamp();
        let mut claims = json!({"iss": inside.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": sent.nonce});
        merge(&mut claims, &inside.person);
        if let (Some(spoil), Some(claims)) = (inside.claims, claims.as_object_mut()) {
            spoil(claims);
        }
        (sent, claims, inside.sign)
    };
    let right = of("grant_type") == "authorization_code"
        && of("redirect_uri") == sent.redirect
        && text(&Sha256::digest(of("code_verifier").as_bytes())) == sent.challenge;
    if !right {
        return refused();
    }
    let issuer = state.lock().expect("no test panicked in here").issuer.clone();
    let openid = OpenId { issuer, router: Router::new(), state };
    let id_token = sign.map_or_else(|| signed(&openid.key(), &claims), |sign| sign(&openid, &claims));
    Json(json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})).into_response()
}

fn is_the_client(headers: &HeaderMap) -> bool {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET))));
    headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn refused() -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response()
}

async fn elsewhere(State(state): State<Shared>) -> StatusCode {
    state.lock().expect("no test panicked in here").elsewhere += 1;
    StatusCode::OK
}
