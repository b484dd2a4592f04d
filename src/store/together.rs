//! One statement for many: what is asked while others of its kind are under way waits for them, and then goes to the database together
//! with everything else that waits.
//!
//! A statement costs the server more to begin and to end than to look up one row more, and it costs everybody a wake-up. So the busier
//! the service, the cheaper each call; where nobody else asks, a call goes at once and by itself. Nobody's answer depends on who else
//! was in the statement: where one of several cannot be done, each is done again by itself.

use super::lane::Lane;
use super::{Error, Result};
use futures_util::future::join_all;
use std::collections::VecDeque;
use std::fmt;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most that one statement is for.
const MOST: usize = 32;
/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A kind of statement.
pub trait Statement: Send + Sync + 'static {
    /// What one caller asks.
    type Asked: Send + Sync + 'static;
    /// What one caller is told.
    type Told: Send + Sync + 'static;

    /// True where it changes something, so that it must not be sent again when a connection broke on the way.
    const CHANGES: bool;

    /// True where the two cannot go into one statement.
    fn exclude(one: &Self::Asked, other: &Self::Asked) -> bool;

    /// Runs it: an answer for each, in their order.
    fn run(conn: &mut sqlx::PgConnection, asked: &[Self::Asked]) -> impl Future<Output = Result<Vec<Self::Told>>> + Send;
}

/// The statements of a kind. Cheap to clone.
pub struct Together<S: Statement>(Arc<Inner<S>>);

struct Inner<S: Statement> {
    lane: Lane,
    /// So many statements are under way at a time.
    width: usize,
    state: Mutex<State<S>>,
}

struct State<S: Statement> {
    waiting: VecDeque<Waiting<S>>,
    under_way: usize,
}

struct Waiting<S: Statement> {
    asked: S::Asked,
    tell: oneshot::Sender<Result<S::Told>>,
}

impl<S: Statement> Clone for Together<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Statement> fmt::Debug for Together<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state();
        f.debug_struct("Together").field("waiting", &state.waiting.len()).field("under_way", &state.under_way).finish()
    }
}

impl<S: Statement> Together<S> {
    /// At most `width` at a time, over connections of this lane.
    pub fn over(lane: &Lane, width: usize) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), under_way: 0 });
        Self(Arc::new(Inner { lane: lane.clone(), width, state }))
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&self, asked: S::Asked) -> Result<S::Told> {
        let (tell, told) = oneshot::channel();
        let begin = {
            let mut state = self.0.state();
            state.waiting.push_back(Waiting { asked, tell });
            let begin = state.under_way < self.0.width;
            state.under_way += usize::from(begin);
            begin
        };
        if begin {
            tokio::spawn(Inner::work(Arc::clone(&self.0)));
        }
        told.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

impl<S: Statement> Inner<S> {
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs statements until nobody waits.
    async fn work(self: Arc<Self>) {
        let mut worker = Worker { inner: self, counted: true };
        loop {
            // everybody who is ready to ask does so first
            tokio::task::yield_now().await;
            let Some(taken) = worker.take() else { break };
            worker.inner.answer(taken).await;
        }
    }

    async fn answer(&self, taken: Vec<Waiting<S>>) {
        let (asked, tell): (Vec<_>, Vec<_>) = taken.into_iter().map(|one| (one.asked, one.tell)).unzip();
        let answers = match self.run(&asked).await {
            Ok(told) => told.into_iter().map(Ok).collect(),
            Err(error) if asked.len() > 1 && error.is_of_statement() => {
                join_all(asked.iter().map(async |one| self.run(slice::from_ref(one)).await?.pop().ok_or_else(missing))).await
            }
            Err(error) => {
                let error = Arc::new(error);
                asked.iter().map(|_| Err(Error::Shared(Arc::clone(&error)))).collect::<Vec<_>>()
            }
        };
        drop(asked);
        for (tell, answer) in tell.into_iter().zip(answers) {
            drop(tell.send(answer)); // who does not wait any more need not know
        }
    }

    async fn run(&self, asked: &[S::Asked]) -> Result<Vec<S::Told>> {
        let told = tokio::time::timeout(PATIENCE, async {
            let mut conn = self.lane.acquire().await?;
            let mut told = S::run(&mut conn, asked).await;
            if !S::CHANGES && conn.is_renewed_after(&told).await? {
                told = S::run(&mut conn, asked).await;
            }
            if told.is_ok() {
                conn.give_back();
            }
            told
        });
        let told = told.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        if told.len() == asked.len() { Ok(told) } else { Err(missing()) }
    }
}

fn missing() -> Error {
    Error::Corrupt { what: "answers", why: "not one for each question".to_owned() }
}

/// A list of texts as PostgreSQL reads one, for a list of lists: its arrays have no rows of different lengths.
pub fn array_literal(texts: &[String]) -> String {
    let mut literal = String::from("{");
    for text in texts {
        if literal.len() > 1 {
            literal.push(',');
        }
        literal.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                literal.push('\\');
            }
            literal.push(character);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

impl<S: Statement> State<S> {
    /// Those who go together next.
    fn take(&mut self) -> Vec<Waiting<S>> {
        let mut taken: Vec<Waiting<S>> = Vec::new();
        let mut kept = VecDeque::new();
        while taken.len() < MOST
            && let Some(next) = self.waiting.pop_front()
        {
            if next.tell.is_closed() {
                continue; // whoever asked went away
            }
            if taken.iter().any(|other| S::exclude(&other.asked, &next.asked)) {
                kept.push_back(next);
            } else {
                taken.push(next);
            }
        }
        kept.append(&mut self.waiting);
        self.waiting = kept;
        taken
    }
}

/// One of those that run statements.
struct Worker<S: Statement> {
    inner: Arc<Inner<S>>,
    counted: bool,
}

impl<S: Statement> Worker<S> {
    /// Those who go together next. Where nobody waits the worker is no longer counted, under the same lock: who comes then begins
    /// another one.
    fn take(&mut self) -> Option<Vec<Waiting<S>>> {
        let mut state = self.inner.state();
        let taken = state.take();
        if taken.is_empty() {
            state.under_way -= 1;
            self.counted = false;
            return None;
        }
        Some(taken)
    }
}

impl<S: Statement> Drop for Worker<S> {
    /// A worker that is still counted here is one that panicked or was cancelled: its place is free.
    fn drop(&mut self) {
        if self.counted {
            self.inner.state().under_way -= 1;
        }
    }
}
