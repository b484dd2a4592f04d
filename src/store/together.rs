//! One statement for many: what is asked while as many statements of its kind are under way as there may be waits, and then goes to the
//! database together with others who wait.
//!
//! A statement costs the server more to begin and to end than to look up one row more, and it costs everybody a wake-up. So the busier
//! the service, the cheaper each call; where nobody else asks, a call goes at once and by itself. A statement is for half of those who ask,
//! and is sent before those of the one before go on, so that the server works for one half while the threads here work for the
//! other: were it for all, they and the server would wait for each other in turns.
//!
//! Nobody's answer depends on who else was in the statement: where the server refuses it for several, each is sent again by itself. Nor
//! does anybody wait long for one that is stuck: a statement that takes its time lets the next one begin, and who is in it is sent again
//! when the `lock_timeout` of [`begin_by_key`] ends it.

use super::pool::begin_by_key;
use super::{Error, Result};
use futures_util::stream::{self, StreamExt as _};
use sqlx::PgPool;
use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;
use std::pin::pin;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The most that one statement is for.
const MOST: usize = 32;
/// The longest that a slow one may take, and what is sent again after it: less than a request may.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest that anybody waits until it begins, as for a connection.
const PATIENCE_BEFORE: Duration = Duration::from_secs(3);
/// A statement that takes longer is not waited for: it waits for a lock, or for a server that is away.
const SLOW: Duration = Duration::from_millis(250);
/// Of those who were refused together, so many are tried again at a time.
const ALONE_AT_A_TIME: usize = 4;

/// A kind of statement.
pub trait Statement: Send + Sync + 'static {
    /// What one caller asks.
    type Asked: Send + Sync + 'static;
    /// What one caller is told.
    type Told: Send + Sync + 'static;

    /// True where the two cannot go into one statement.
    fn exclude(_one: &Self::Asked, _other: &Self::Asked) -> bool {
        false
    }

    /// Runs it, in a transaction of its own: an answer for each, in their order.
    fn run(conn: &mut sqlx::PgConnection, asked: &[Self::Asked]) -> impl Future<Output = Result<Vec<Self::Told>>> + Send;
}

/// The statements of a kind. Cheap to clone.
pub struct Together<S: Statement> {
    inner: Arc<Inner<S>>,
    pool: PgPool,
}

struct Inner<S: Statement> {
    /// So many statements are under way at a time.
    width: usize,
    state: Mutex<State<S>>,
}

struct State<S: Statement> {
    waiting: VecDeque<Waiting<S>>,
    under_way: usize,
    /// So many were in the statement that began last. They are busy with it or with its answer, and others like them will ask.
    last: usize,
}

struct Waiting<S: Statement> {
    asked: S::Asked,
    tell: oneshot::Sender<Result<S::Told>>,
    since: Instant,
}

impl<S: Statement> Clone for Together<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), pool: self.pool.clone() }
    }
}

impl<S: Statement> fmt::Debug for Together<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.state();
        f.debug_struct("Together")
            .field("waiting", &state.waiting.len())
            .field("under_way", &state.under_way)
            .finish_non_exhaustive()
    }
}

impl<S: Statement> Together<S> {
    /// At most `width` at a time, over connections of this pool.
    pub fn new(pool: &PgPool, width: usize) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), under_way: 0, last: 0 });
        Self { inner: Arc::new(Inner { width, state }), pool: pool.clone() }
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&self, asked: S::Asked) -> Result<S::Told> {
        let (tell, told) = oneshot::channel();
        let begin = {
            let mut state = self.inner.state();
            state.waiting.push_back(Waiting { asked, tell, since: Instant::now() });
            let begin = state.under_way < self.inner.width;
            state.under_way += usize::from(begin);
            begin
        };
        if begin {
            tokio::spawn(Box::pin(self.clone().work())); // it is large, and a task is moved about before it begins
        }
        told.await.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))?
    }
}

impl<S: Statement> Inner<S> {
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Statement> Together<S> {
    /// Runs statements until nobody waits.
    async fn work(self) {
        let mut place = Place { together: self, held: true };
        while place.held {
            if place.together.inner.state().waiting.is_empty() {
                tokio::task::yield_now().await; // whoever was answered may ask again
            }
            let Some(taken) = place.take() else { return };
            let together = place.together.clone();
            let mut answered = pin!(together.answer(taken));
            if timeout(SLOW, &mut answered).await.is_err() {
                place.release();
                // who has no answer by then is told so: nobody is left to give one
                drop(timeout(PATIENCE, answered).await);
            }
        }
    }

    async fn answer(&self, taken: Vec<Waiting<S>>) {
        let (asked, tell): (Vec<_>, Vec<_>) = taken.into_iter().map(|one| (one.asked, one.tell)).unzip();
        let begun = Instant::now();
        let told = self.run(&asked).await;
        if begun.elapsed() < SLOW {
            tokio::task::yield_now().await; // whoever is ready to ask does so first, and goes into the statement that begins next
        }
        match told {
            Ok(told) => {
                drop(asked);
                for (tell, told) in tell.into_iter().zip(told) {
                    drop(tell.send(Ok(told))); // who does not wait any more need not know
                }
            }
            Err(error) if asked.len() > 1 && may_send_again(&error) => {
                let alone = async |(asked, tell): (S::Asked, oneshot::Sender<_>)| {
                    let told = self.run(slice::from_ref(&asked)).await.and_then(|mut told| told.pop().ok_or_else(missing));
                    drop(tell.send(told));
                };
                stream::iter(asked.into_iter().zip(tell)).for_each_concurrent(ALONE_AT_A_TIME, alone).await;
            }
            Err(error) => {
                let error = Arc::new(error);
                for tell in tell {
                    drop(tell.send(Err(Error::Shared(Arc::clone(&error)))));
                }
            }
        }
    }

    async fn run(&self, asked: &[S::Asked]) -> Result<Vec<S::Told>> {
        let mut transaction = begin_by_key(&self.pool).await?;
        let told = S::run(&mut transaction, asked).await?;
        if told.len() != asked.len() {
            return Err(missing());
        }
        transaction.commit().await?;
        Ok(told)
    }
}

/// True where nothing was done: a server that refuses a statement undoes it, and what does not read back is not committed.
fn may_send_again(error: &Error) -> bool {
    error.is_refusal() || matches!(error, Error::Corrupt { .. })
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
        let most = (self.waiting.len() + self.last).div_ceil(2).min(MOST);
        let mut taken: Vec<Waiting<S>> = Vec::new();
        let mut kept = VecDeque::new();
        while taken.len() < most
            && let Some(next) = self.waiting.pop_front()
        {
            if next.tell.is_closed() {
                continue; // whoever asked went away
            }
            if next.since.elapsed() > PATIENCE_BEFORE {
                drop(next.tell.send(Err(sqlx::Error::PoolTimedOut.into())));
                continue;
            }
            if taken.iter().any(|other| S::exclude(&other.asked, &next.asked)) {
                kept.push_back(next);
            } else {
                taken.push(next);
            }
        }
        kept.append(&mut self.waiting);
        self.waiting = kept;
        if !taken.is_empty() {
            self.last = taken.len();
        }
        taken
    }
}

/// The right to run one statement after the other.
struct Place<S: Statement> {
    together: Together<S>,
    held: bool,
}

impl<S: Statement> Place<S> {
    /// Those who go together next. Where nobody waits the place is given up under the same lock: who comes then begins anew.
    fn take(&mut self) -> Option<Vec<Waiting<S>>> {
        let mut state = self.together.inner.state();
        let taken = state.take();
        if taken.is_empty() {
            state.under_way -= 1;
            self.held = false;
            return None;
        }
        Some(taken)
    }

    /// Gives the place up, to somebody else where somebody waits.
    fn release(&mut self) {
        self.held = false;
        let mut state = self.together.inner.state();
        match Handle::try_current() {
            Ok(runtime) if !state.waiting.is_empty() => drop(runtime.spawn(Box::pin(self.together.clone().work()))),
            _ => state.under_way -= 1,
        }
    }
}

impl<S: Statement> Drop for Place<S> {
    /// A place that is still held here is that of a panic.
    fn drop(&mut self) {
        if self.held {
            self.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, State, Statement, Waiting, array_literal};
    use crate::store::Result;
    use sqlx::PgConnection;
    use std::collections::VecDeque;
    use std::time::Instant;
    use tokio::sync::oneshot;

    struct Echo;

    impl Statement for Echo {
        type Asked = usize;
        type Told = usize;

        async fn run(_conn: &mut PgConnection, asked: &[usize]) -> Result<Vec<usize>> {
            Ok(asked.to_vec())
        }
    }

    /// Who goes in each statement, where so many ask and each asks again as soon as the statement after theirs begins.
    fn statements(callers: usize, count: usize) -> Vec<Vec<usize>> {
        let mut state = State::<Echo> { waiting: VecDeque::new(), under_way: 0, last: 0 };
        let mut kept = Vec::new();
        let mut ask = |state: &mut State<Echo>, asked| {
            let (tell, told) = oneshot::channel();
            kept.push(told);
            state.waiting.push_back(Waiting { asked, tell, since: Instant::now() });
        };
        (0..callers).for_each(|caller| ask(&mut state, caller));
        let mut answered = Vec::new();
        let mut next = || {
            let taken: Vec<usize> = state.take().into_iter().map(|one| one.asked).collect();
            for caller in std::mem::replace(&mut answered, taken.clone()) {
                ask(&mut state, caller);
            }
            taken
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn halves_take_turns() {
        let [first, second, third, fourth] = &statements(8, 4)[..] else { panic!("four") };
        assert_eq!((first, second), (&vec![0, 1, 2, 3], &vec![4, 5, 6, 7]));
        assert_eq!((third, fourth), (first, second));
        assert_eq!(statements(1, 3), [vec![0], vec![], vec![0]]);
        assert_eq!(statements(3, 4), [vec![0, 1], vec![2], vec![0, 1], vec![2]]);
        let large = statements(3 * MOST, 2);
        assert_eq!(large.iter().map(Vec::len).collect::<Vec<_>>(), [MOST, MOST]);
    }

    #[test]
    fn texts_with_marks_of_the_literal_stay_one_text_each() {
        let texts = ["o1", "a \"b\", {c}", r"back\slash", "", "null"].map(str::to_owned);
        assert_eq!(array_literal(&texts), r#"{"o1","a \"b\", {c}","back\\slash","","null"}"#);
        assert_eq!(array_literal(&[]), "{}");
    }
}
