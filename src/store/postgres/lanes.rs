//! Who writes next to PostgreSQL: fair between users, each of whom has a lane.
//!
//! The row lock of a user puts that user's writes in a line anyway. Were they sent to the database to wait there, each would
//! take a connection, and batches that hold appends of the same user would wait for each other, with all others in them. So
//! of one user one thing at a time is under way from this node, the rest waits here, and users take turns.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::{Error, Result, UserId};

/// Writes of one user that may wait.
const USER_QUEUE_SIZE: usize = 1_024;
/// Appends of one user that a batch takes with those of others.
const BATCH_APPENDS_PER_USER: usize = 64;

/// The lanes: of appends `A`, which are committed together, and other writes `J`, each on its own.
pub(in crate::store) struct Lanes<A, J> {
    state: Mutex<State<A, J>>,
    /// How many may wait in all.
    room: usize,
    /// Wakes those who take batches, and those who take single ones.
    batches: Notify,
    singles: Notify,
}

struct State<A, J> {
    lanes: HashMap<UserId, Lane<A, J>>,
    /// Users whose appends go into a batch next; each user is in one of the two lists at most.
    for_batches: VecDeque<UserId>,
    /// Users of whom something is done on its own next.
    for_singles: VecDeque<UserId>,
    /// What belongs to no user.
    unowned: VecDeque<J>,
    waiting: usize,
    closed: bool,
}

struct Lane<A, J> {
    appends: VecDeque<A>,
    jobs: VecDeque<J>,
    /// Whether something is under way.
    busy: bool,
    /// Whether appends came last, so that it is the others' turn.
    appended: bool,
    /// Whether the user's row was locked by others, so that nobody else is to wait for it.
    alone: bool,
}

impl<A, J> Default for Lane<A, J> {
    fn default() -> Self {
        Self { appends: VecDeque::new(), jobs: VecDeque::new(), busy: false, appended: false, alone: false }
    }
}

impl<A, J> Lane<A, J> {
    fn len(&self) -> usize {
        self.appends.len() + self.jobs.len()
    }

    /// Whether the next thing is appends.
    fn appends_next(&self) -> bool {
        !self.appends.is_empty() && (self.jobs.is_empty() || !self.appended)
    }

    fn take_appends(&mut self, most: usize) -> Vec<A> {
        (self.busy, self.appended) = (true, true);
        let count = most.min(self.appends.len());
        self.appends.drain(..count).collect()
    }
}

/// Appends of several users, to be committed together.
pub(in crate::store) struct Group<A> {
    /// Whose they are; to be given back.
    pub(in crate::store) users: Vec<UserId>,
    pub(in crate::store) appends: Vec<A>,
}

/// Something that is done on its own. The user is to be given back.
pub(in crate::store) enum Single<A, J> {
    Appends(UserId, Vec<A>),
    Job(Option<UserId>, J),
}

impl<A, J> Lanes<A, J> {
    /// Lanes in which `room` writes may wait in all.
    pub(in crate::store) fn new(room: usize) -> Self {
        let state = State {
            lanes: HashMap::new(),
            for_batches: VecDeque::new(),
            for_singles: VecDeque::new(),
            unowned: VecDeque::new(),
            waiting: 0,
            closed: false,
        };
        Self { state: Mutex::new(state), room, batches: Notify::new(), singles: Notify::new() }
    }

    /// Puts an append into the lane of `user`.
    ///
    /// # Errors
    /// UNAVAILABLE where too many wait.
    pub(in crate::store) fn append(&self, user: UserId, append: A) -> Result<()> {
        self.push(user, |lane| lane.appends.push_back(append))
    }

    /// Puts another write into the lane of `user`, or of nobody.
    ///
    /// # Errors
    /// As [`Lanes::append`].
    pub(in crate::store) fn job(&self, user: Option<UserId>, job: J) -> Result<()> {
        if let Some(user) = user {
            return self.push(user, |lane| lane.jobs.push_back(job));
        }
        let mut state = self.state();
        state.check_room(self.room)?;
        state.waiting += 1;
        state.unowned.push_back(job);
        self.singles.notify_one();
        Ok(())
    }

    fn push(&self, user: UserId, push: impl FnOnce(&mut Lane<A, J>)) -> Result<()> {
        let mut state = self.state();
        state.check_room(self.room)?;
        let lane = state.lanes.entry(user.clone()).or_default();
        if lane.len() >= USER_QUEUE_SIZE {
            return Err(Error::unavailable("too many writes of one user wait"));
        }
        let is_idle = !lane.busy && lane.len() == 0;
        push(lane);
        state.waiting += 1;
        if is_idle {
            self.list(&mut state, user);
        }
        Ok(())
    }

    /// Puts `user`, whose lane is neither empty nor busy, into the list of what comes next.
    fn list(&self, state: &mut State<A, J>, user: UserId) {
        let Some(lane) = state.lanes.get(&user) else { return };
        if lane.appends_next() && !lane.alone {
            state.for_batches.push_back(user);
            self.batches.notify_one();
        } else {
            state.for_singles.push_back(user);
            self.singles.notify_one();
        }
    }

    /// Waits for appends, at most `most`; `None` where no more come.
    pub(in crate::store) async fn next_batch(&self, most: usize) -> Option<Group<A>> {
        self.next(&self.batches, |state| {
            let mut batch = Group { users: Vec::new(), appends: Vec::new() };
            while batch.appends.len() < most {
                let Some(user) = state.for_batches.pop_front() else { break };
                let Some(lane) = state.lanes.get_mut(&user) else { continue };
                let is_only = batch.users.is_empty() && state.for_batches.is_empty();
                let share =
                    if is_only { most } else { BATCH_APPENDS_PER_USER.min(most - batch.appends.len()) };
                batch.appends.extend(lane.take_appends(share));
                batch.users.push(user);
            }
            state.waiting -= batch.appends.len();
            if !state.for_batches.is_empty() {
                self.batches.notify_one();
            }
            (!batch.users.is_empty()).then_some(batch)
        })
        .await
    }

    /// Waits for something to do on its own; `None` where no more comes.
    pub(in crate::store) async fn next_single(&self, most: usize) -> Option<Single<A, J>> {
        self.next(&self.singles, |state| {
            let single = match state.unowned.pop_front() {
                Some(job) => Single::Job(None, job),
                None => {
                    let user = state.for_singles.pop_front()?;
                    let lane = state.lanes.get_mut(&user)?;
                    if lane.appends_next() {
                        Single::Appends(user, lane.take_appends(most))
                    } else {
                        (lane.busy, lane.appended) = (true, false);
                        Single::Job(Some(user), lane.jobs.pop_front()?)
                    }
                }
            };
            state.waiting -= match &single {
                Single::Appends(_, appends) => appends.len(),
                Single::Job(..) => 1,
            };
            if !(state.unowned.is_empty() && state.for_singles.is_empty()) {
                self.singles.notify_one();
            }
            Some(single)
        })
        .await
    }

    async fn next<T>(&self, wake: &Notify, mut take: impl FnMut(&mut State<A, J>) -> Option<T>) -> Option<T> {
        loop {
            let woken = wake.notified();
            {
                let mut state = self.state();
                if let Some(taken) = take(&mut state) {
                    self.wake_at_the_end(&state);
                    return Some(taken);
                }
                if state.is_at_the_end() {
                    return None;
                }
            }
            woken.await;
        }
    }

    /// `user`'s next one may be taken.
    pub(in crate::store) fn done(&self, user: &UserId) {
        let mut state = self.state();
        let Some(lane) = state.lanes.get_mut(user) else { return };
        (lane.busy, lane.alone) = (false, false);
        self.go_on(&mut state, user);
    }

    /// As [`Lanes::done`], where the row of `user` was locked by others: `appends` come again, without those of other users.
    pub(in crate::store) fn put_back(&self, user: &UserId, appends: Vec<A>) {
        let mut state = self.state();
        state.waiting += appends.len();
        let lane = state.lanes.entry(user.clone()).or_default();
        (lane.busy, lane.alone, lane.appended) = (false, true, false);
        for append in appends.into_iter().rev() {
            lane.appends.push_front(append);
        }
        self.go_on(&mut state, user);
    }

    /// Takes out all that waits of `user`.
    pub(in crate::store) fn take_all(&self, user: &UserId) -> (Vec<A>, Vec<J>) {
        let mut state = self.state();
        let Some(lane) = state.lanes.get_mut(user) else { return Default::default() };
        let taken: (Vec<A>, Vec<J>) = (lane.appends.drain(..).collect(), lane.jobs.drain(..).collect());
        state.waiting -= taken.0.len() + taken.1.len();
        taken
    }

    fn go_on(&self, state: &mut State<A, J>, user: &UserId) {
        if state.lanes.get(user).is_some_and(|lane| lane.len() > 0) {
            self.list(state, user.clone());
        } else {
            state.lanes.remove(user);
        }
        self.wake_at_the_end(state);
    }

    /// Takes no more; what waits is still done.
    pub(in crate::store) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.wake_at_the_end(&state);
    }

    fn wake_at_the_end(&self, state: &State<A, J>) {
        if state.is_at_the_end() {
            self.batches.notify_waiters();
            self.singles.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<A, J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A, J> State<A, J> {
    /// Whether nothing more comes. What is under way may still be put back: its lane is there until it is done.
    fn is_at_the_end(&self) -> bool {
        self.closed && self.lanes.is_empty() && self.unowned.is_empty()
    }

    fn check_room(&self, room: usize) -> Result<()> {
        if self.closed {
            return Err(Error::unavailable("the store is closed"));
        }
        if self.waiting >= room {
            return Err(Error::unavailable("the queue of writes is full"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    type Numbers = Lanes<u32, u32>;

    fn user(name: &str) -> UserId {
        UserId::parse("userId", name).unwrap()
    }

    fn batch(lanes: &Numbers) -> Option<Group<u32>> {
        lanes.next_batch(256).now_or_never().flatten()
    }

    fn single(lanes: &Numbers) -> Option<Single<u32, u32>> {
        lanes.next_single(256).now_or_never().flatten()
    }

    #[test]
    fn a_user_with_much_to_write_leaves_room_for_others() {
        let lanes = Numbers::new(8_192);
        (0..500).for_each(|n| lanes.append(user("busy"), n).unwrap());
        (0..3).for_each(|n| lanes.append(user("ada"), 1_000 + n).unwrap());
        let first = batch(&lanes).unwrap();
        assert_eq!(first.users, [user("busy"), user("ada")]);
        assert_eq!(first.appends.len(), BATCH_APPENDS_PER_USER + 3);
        lanes.append(user("bob"), 2_000).unwrap();
        // While the first is under way, nothing of its users is in another.
        assert_eq!(batch(&lanes).unwrap().users, [user("bob")]);
        assert!(batch(&lanes).is_none());
        lanes.done(&user("busy"));
        assert_eq!(
            batch(&lanes).unwrap().appends[0],
            BATCH_APPENDS_PER_USER as u32,
            "in the order in which they came"
        );
    }

    #[test]
    fn what_is_put_back_after_the_close_is_still_done() {
        let lanes = Numbers::new(8_192);
        lanes.append(user("ada"), 1).unwrap();
        let taken = batch(&lanes).unwrap();
        lanes.close();
        let mut waiting = Box::pin(lanes.next_single(256));
        assert!(waiting.as_mut().now_or_never().is_none(), "the batch may come back");
        lanes.put_back(&user("ada"), taken.appends);
        let Some(Some(Single::Appends(owner, appends))) = waiting.now_or_never() else {
            panic!("nothing came")
        };
        assert_eq!((owner.as_str(), &appends[..]), ("ada", &[1][..]));
        assert!(lanes.next_batch(256).now_or_never().is_none());
        lanes.done(&user("ada"));
        assert!(lanes.next_batch(256).now_or_never().is_some_and(|batch| batch.is_none()));
        assert!(lanes.next_single(256).now_or_never().is_some_and(|single| single.is_none()));
    }

    #[test]
    fn one_write_of_a_user_is_under_way_at_a_time() {
        let lanes = Numbers::new(8_192);
        lanes.append(user("ada"), 1).unwrap();
        [2, 3].into_iter().for_each(|n| lanes.job(Some(user("ada")), n).unwrap());
        lanes.append(user("ada"), 4).unwrap();
        lanes.job(Some(user("bob")), 5).unwrap();
        assert_eq!(batch(&lanes).unwrap().appends, [1, 4]);
        assert!(matches!(single(&lanes), Some(Single::Job(Some(who), 5)) if who == user("bob")));
        assert!(single(&lanes).is_none(), "ada's batch is under way");
        lanes.append(user("ada"), 6).unwrap();
        lanes.done(&user("ada"));
        assert!(batch(&lanes).is_none(), "it is the turn of the others");
        assert!(matches!(single(&lanes), Some(Single::Job(_, 2))));
        lanes.done(&user("ada"));
        assert_eq!(batch(&lanes).unwrap().appends, [6]);
        lanes.done(&user("ada"));
        assert!(matches!(single(&lanes), Some(Single::Job(_, 3))));
    }

    #[test]
    fn who_is_locked_by_others_is_tried_alone() {
        let lanes = Numbers::new(8_192);
        for (who, n) in [("ada", 1), ("bob", 2), ("ada", 3)] {
            lanes.append(user(who), n).unwrap();
        }
        batch(&lanes).unwrap();
        lanes.put_back(&user("ada"), vec![1, 3]);
        lanes.done(&user("bob"));
        lanes.append(user("bob"), 4).unwrap();
        assert_eq!(batch(&lanes).unwrap().appends, [4], "without ada's");
        assert!(matches!(single(&lanes), Some(Single::Appends(_, appends)) if appends == [1, 3]));
        lanes.append(user("ada"), 5).unwrap();
        lanes.done(&user("ada"));
        assert_eq!(batch(&lanes).unwrap().appends, [5], "with all others again");
    }

    #[test]
    fn what_waits_behind_a_lock_that_stays_is_taken_out() {
        let lanes = Numbers::new(3);
        lanes.job(Some(user("ada")), 1).unwrap();
        assert!(single(&lanes).is_some());
        [2, 3].into_iter().for_each(|n| lanes.job(Some(user("ada")), n).unwrap());
        lanes.append(user("ada"), 4).unwrap();
        assert_eq!(lanes.take_all(&user("ada")), (vec![4], vec![2, 3]));
        lanes.done(&user("ada"));
        (5..8).for_each(|n| lanes.append(user("ada"), n).unwrap());
        assert_eq!(batch(&lanes).unwrap().appends, [5, 6, 7], "there is room again");
    }

    #[test]
    fn a_user_fills_a_lane_and_not_the_queue() {
        let lanes = Numbers::new(2 * USER_QUEUE_SIZE);
        (0..USER_QUEUE_SIZE).for_each(|n| lanes.append(user("busy"), n as u32).unwrap());
        assert_eq!(lanes.append(user("busy"), 0).unwrap_err().code(), "UNAVAILABLE");
        lanes.append(user("ada"), 0).unwrap();
    }

    #[test]
    fn what_waits_is_done_before_the_end() {
        let lanes = Numbers::new(10);
        lanes.append(user("ada"), 1).unwrap();
        lanes.close();
        assert_eq!(lanes.append(user("ada"), 2).unwrap_err().code(), "UNAVAILABLE");
        assert_eq!(lanes.next_batch(1).now_or_never().unwrap().unwrap().appends, [1]);
        lanes.done(&user("ada"));
        assert!(lanes.next_batch(1).now_or_never().unwrap().is_none(), "no more comes");
    }
}
