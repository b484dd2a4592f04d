//! Streams of one JSON value a line. A bad line is an item like any other, so that all of them can be told at once.

use super::body::{check_media_type, validate};
use super::fault_list::FaultList;
use super::guard::given_up;
use super::json;
use super::problem::Problem;
use super::problem_kinds as kinds;
use crate::app::rosters::Line;
use crate::domain::refusal::Fault;
use axum::body::{BodyDataStream, Bytes};
use axum::extract::Request;
use futures_util::{Stream, StreamExt as _, stream};
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use utoipa::ToSchema;

/// The longest line, in bytes.
const LINE_LIMIT: usize = 256 * 1024;
/// How long a body may keep the service waiting, in all, before it is asked how fast it comes.
const PATIENCE: Duration = Duration::from_mins(1);
/// Then it comes with so many bytes a second or more.
const SLOWEST: u64 = 4 * 1024;

/// The media type.
pub const MEDIA_TYPE: &str = "application/x-ndjson";

/// The rows of a body. Blank lines are passed over but count in line numbers. A body of which nothing comes for so long, or which comes
/// a few bytes at a time, is given up: whoever reads it keeps a connection to the database.
pub fn rows<T: DeserializeOwned + ToSchema + 'static>(
    request: Request,
    silence: Duration,
) -> Result<impl Stream<Item = Result<Line<T>, Problem>>, Problem> {
    check_media_type(request.headers(), &[MEDIA_TYPE])?;
    let body = request.into_body().into_data_stream();
    let pace = Pace { silence, waited: Duration::ZERO, came: 0 };
    let lines = Lines { body, pace, waiting: Vec::new(), read: 0, number: 0, ended: false };
    Ok(stream::try_unfold(lines, |mut lines| async move {
        let Some((number, text)) = lines.next().await? else { return Ok(None) };
        Ok(Some((Line { number, row: row(&text)? }, lines)))
    }))
}

/// A line of text, or that it is too long.
enum Text {
    Whole(Vec<u8>),
    TooLong,
}

/// How fast a body comes. Only the time counts in which the service has nothing to do but wait for it.
struct Pace {
    silence: Duration,
    waited: Duration,
    came: u64,
}

impl Pace {
    /// The next piece.
    async fn next(&mut self, body: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
        const EFFECT: &str = "the file came too slowly, and nothing was changed";
        let began = Instant::now();
        let next = timeout(self.silence, body.next()).await.map_err(|_| given_up(self.silence, EFFECT))?;
        self.waited += began.elapsed();
        match next {
            None => Ok(None),
            Some(Err(_)) => Err(Problem::new(&kinds::BAD_REQUEST, "the body broke off")),
            Some(Ok(bytes)) => {
                self.came += bytes.len() as u64;
                if self.is_too_slow() { Err(given_up(self.waited, EFFECT)) } else { Ok(Some(bytes)) }
            }
        }
    }

    fn is_too_slow(&self) -> bool {
        self.waited > PATIENCE && self.came / self.waited.as_secs().max(1) < SLOWEST
    }
}

struct Lines {
    body: BodyDataStream,
    pace: Pace,
    waiting: Vec<u8>,
    /// Bytes of `waiting` that hold no line end.
    read: usize,
    number: u64,
    ended: bool,
}

impl Lines {
    /// The next line that is not blank.
    async fn next(&mut self) -> Result<Option<(u64, Text)>, Problem> {
        while let Some(text) = self.next_line().await? {
            self.number += 1;
            let blank = matches!(&text, Text::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace));
            if !blank {
                return Ok(Some((self.number, text)));
            }
        }
        Ok(None)
    }

    async fn next_line(&mut self) -> Result<Option<Text>, Problem> {
        let mut too_long = false;
        loop {
            let unread = self.waiting.get(self.read..).unwrap_or_default();
            if let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let end = self.read + end;
                let rest = self.waiting.split_off((end + 1).min(self.waiting.len()));
                let line = std::mem::replace(&mut self.waiting, rest);
                self.read = 0;
                return Ok(Some(if too_long || line.len() > LINE_LIMIT + 1 { Text::TooLong } else { Text::Whole(line) }));
            }
            self.read = self.waiting.len();
            if self.read > LINE_LIMIT {
                too_long = true;
                self.waiting.clear();
                self.read = 0;
            }
            if self.ended {
                let line = std::mem::take(&mut self.waiting);
                self.read = 0;
                return Ok(match (too_long, line.is_empty()) {
                    (true, _) => Some(Text::TooLong),
                    (false, true) => None,
                    (false, false) => Some(Text::Whole(line)),
                });
            }
            match self.pace.next(&mut self.body).await? {
                Some(bytes) => self.waiting.extend_from_slice(&bytes),
                None => self.ended = true,
            }
        }
    }
}

fn row<T: DeserializeOwned + ToSchema + 'static>(text: &Text) -> Result<Result<T, Vec<Fault>>, Problem> {
    let Text::Whole(bytes) = text else {
        return Ok(Err(vec![Fault::new("", "too-long", format!("a line may have {LINE_LIMIT} bytes"))]));
    };
    let (value, mut faults) = match json::parse(bytes) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Err(vec![Fault::new("", "malformed-json", format!("is not JSON: {error}"))])),
    };
    faults.append(validate::<T>(&value)?);
    if !faults.is_empty() {
        return Ok(Err(told(faults)));
    }
    Ok(serde_json::from_value(value).map_err(|error| vec![Fault::new("", "malformed", error.to_string())]))
}

/// The faults of a line; that there are more is one of them.
fn told(faults: FaultList) -> Vec<Fault> {
    let (mut listed, unlisted) = faults.into_parts();
    if unlisted > 0 {
        listed.push(Fault::new("", "more-faults", format!("{unlisted} further faults of this line are not listed")));
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::{LINE_LIMIT, Line, MEDIA_TYPE, Pace, rows};
    use axum::body::{Body, Bytes};
    use axum::http::Request;
    use futures_util::{TryStreamExt as _, stream};
    use serde::Deserialize;
    use std::time::Duration;
    use utoipa::ToSchema;

    #[derive(Debug, PartialEq, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Item {
        a: u32,
    }

    async fn read(pieces: Vec<String>) -> Vec<(u64, Result<u32, String>)> {
        let body = Body::from_stream(stream::iter(pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)))));
        let request = Request::builder().header("content-type", MEDIA_TYPE).body(body).unwrap();
        let lines: Vec<Line<Item>> = rows(request, Duration::from_secs(10)).unwrap().try_collect().await.unwrap();
        let told = |line: Line<Item>| (line.number, line.row.map(|item| item.a).map_err(|faults| faults[0].code.clone()));
        lines.into_iter().map(told).collect()
    }

    #[tokio::test]
    async fn lines_are_put_together_from_pieces_and_counted_with_the_blank_ones() {
        let pieces = ["{\"a\"", ": 1}\n\n  \r\n{\"a\":2}\n{\"b\":3}\n", "nonsense\n{\"a\": 4}"];
        let found = read(pieces.iter().map(|piece| (*piece).to_owned()).collect()).await;
        let expected =
            [(1, Ok(1)), (4, Ok(2)), (5, Err("unknown-field".to_owned())), (6, Err("malformed-json".to_owned())), (7, Ok(4))];
        assert_eq!(found.len(), expected.len());
        for ((number, row), (wanted_number, wanted)) in found.into_iter().zip(expected) {
            assert_eq!(number, wanted_number);
            assert_eq!(row.is_ok(), wanted.is_ok(), "line {number}");
        }
    }

    #[test]
    fn a_body_that_trickles_is_too_slow_after_a_while() {
        let is_too_slow =
            |seconds, came| Pace { silence: Duration::from_secs(10), waited: Duration::from_secs(seconds), came }.is_too_slow();
        assert!(!is_too_slow(59, 1));
        assert!(is_too_slow(61, 61 * 4095));
        assert!(!is_too_slow(61, 61 * 4096));
        assert!(is_too_slow(3600, 14_000_000));
        assert!(!is_too_slow(3600, 15_000_000));
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_one_bad_line() {
        let long = "x".repeat(LINE_LIMIT);
        let found = read(vec![long.clone(), long, "\n{\"a\":1}\n".to_owned()]).await;
        assert_eq!(found, [(1, Err("too-long".to_owned())), (2, Ok(1))]);
    }
}
